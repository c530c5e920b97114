// A loop drawn around films: only those inside are then shown. By the button Select, or with Shift held, a drag draws.
const LOOP_STEP = 3; // px between two corners of the loop
const LEAST_LOOP = 4; // corners
const AWAY = 99; // out of sight

// Whether the point lies inside: a ray to its right crosses the outline an odd number of times.
function inside(loop, { x, y }) {
  let odd = false;
  loop.forEach((a, k) => {
    const b = loop[(k + 1) % loop.length];
    if (a.y > y !== b.y > y && x < a.x + ((b.x - a.x) * (y - a.y)) / (b.y - a.y)) odd = !odd;
  });
  return odd;
}

class Lasso {
  constructor(root, map) {
    Object.assign(this, { map, ready: false, loop: null });
    this.button = root.querySelector(".select");
    this.againButton = root.querySelector(".again");
    this.button.onclick = () => this.makeReady(!this.ready);
    this.againButton.onclick = () => map.select(null);
    // Before the pointer hears of it: a drag that draws neither pans nor turns nor picks.
    const listen = (name, handler) => map.stage.addEventListener(name, handler.bind(this), { capture: true });
    listen("pointerdown", this.onDown);
    listen("pointermove", this.onMove);
    listen("pointerup", this.onUp);
    listen("pointercancel", () => this.end());
    root.addEventListener("keydown", (event) => event.key === "Escape" && this.end());
  }

  describe(strings) {
    this.button.textContent = strings.select;
    this.button.title = strings.select_help;
    this.againButton.textContent = strings.all_again;
    this.againButton.title = strings.all_again_help;
  }

  makeReady(ready) {
    this.ready = ready;
    this.button.ariaPressed = String(ready);
    this.map.stage.classList.toggle("selecting", ready);
  }

  onDown(event) {
    if (!this.map.frame || !(this.ready || event.shiftKey) || event.button !== 0 || this.loop) return;
    event.stopPropagation();
    event.preventDefault(); // else Shift marks text
    this.map.overlay.canvas.setPointerCapture(event.pointerId);
    this.map.startLoop();
    this.loop = [this.map.pointer.at(event)];
  }

  onMove(event) {
    if (!this.loop) return;
    event.stopPropagation();
    const [last, now] = [this.loop.at(-1), this.map.pointer.at(event)];
    if (Math.hypot(now.x - last.x, now.y - last.y) >= LOOP_STEP) this.loop.push(now);
    this.map.schedule();
  }

  onUp(event) {
    if (!this.loop) return;
    event.stopPropagation();
    const { loop } = this;
    this.end();
    if (loop.length >= LEAST_LOOP) this.map.selectInside(loop);
  }

  end() {
    this.loop = null;
    this.makeReady(false);
    this.map.schedule();
  }

  draw(context, theme) {
    if (!this.loop) return;
    context.beginPath();
    for (const { x, y } of this.loop) context.lineTo(x, y);
    context.closePath();
    Object.assign(context, { fillStyle: theme.primary, strokeStyle: theme.primary, lineWidth: 2, globalAlpha: 0.12 });
    context.fill();
    context.globalAlpha = 1;
    context.setLineDash([6, 4]);
    context.stroke();
    context.setLineDash([]);
  }
}

// A map of which some films alone may be shown: those in a loop, or those that Python names.
class LassoMap extends SpaceMap {
  constructor(root) {
    super(root);
    this.only = null; // a Set of films; null: all
    this.lasso = new Lasso(root, this);
  }

  update(component) {
    this.takeSelection(component.data);
    this.lasso.describe(component.data.strings);
    super.update(component);
  }

  // What Python says overrides what was selected here once it says something new.
  takeSelection({ only, selected_only }) {
    const said = JSON.stringify([only, selected_only]);
    if (said === this.saidOnly) return;
    this.saidOnly = said;
    this.show(only, selected_only);
  }

  show(only, selected) {
    Object.assign(this, { only: only && new Set(only), selectedOnly: selected, loopTrouble: null });
    this.lasso.againButton.hidden = !(only && selected);
  }

  startLoop() {
    this.turnByItself(false);
    this.hover(null);
  }

  selectInside(loop) {
    const films = Array.from({ length: this.n }, (_, i) => i);
    const chosen = films.filter((i) => !this.isHidden(i) && inside(loop, this.place(i)));
    if (chosen.length) return this.select(chosen);
    this.loopTrouble = this.strings.nothing_inside;
    this.renderStatus();
  }

  // Only these films from now on; null: all again.
  select(films) {
    this.show(films, films !== null);
    this.setTriggerValue("selection", { films });
    this.renderStatus();
    this.viewChanged();
  }

  facts() {
    const facts = super.facts();
    if (this.only && this.selectedOnly) facts.push(fill(this.strings.selected, { n: this.only.size }));
    return facts;
  }

  // Not merely faded.
  isOut(i) {
    return this.only !== null && !this.only.has(i);
  }

  isHidden(i) {
    return super.isHidden(i) || this.isOut(i);
  }

  get shownPositions() {
    if (!this.only) return this.flat;
    const shown = this.flat.slice();
    for (let i = 0; i < shown.length / 2; i++) if (!this.only.has(i)) shown[2 * i] = shown[2 * i + 1] = AWAY;
    return shown;
  }

  get links() {
    return this.isOut(this.picked) ? [] : super.links.filter((i) => !this.isOut(i));
  }

  draw(now) {
    super.draw(now);
    if (this.view.width && this.theme) this.lasso.draw(this.overlay.context, this.theme);
  }
}
