// The map in three dimensions: the films are turned and projected here, in the browser; the renderers get two numbers a
// film as ever, and how far away it is.
const EYE = 3.2; // how far the eye is from the middle; the furthest film is 1 from it
const ROOM = 0.93; // perspective spreads what is near: so nothing leaves the map
const FIRST_LOOK = { yaw: -0.45, pitch: 0.3 }; // radians: not from the front, so that one sees that it is deep
const TURN_SPEED = 0.16; // radians a second, when it turns by itself
const DRAG_TURN = 0.0075; // radians a pixel
const KEY_TURN = Math.PI / 24;
const LEVELS = 512; // of depth, for the order of drawing
const AXIS_PX = 26;

const reducedMotion = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

// A camera that looks at the middle. x to the right, y up, z towards the eye.
class Space {
  constructor() {
    this.arrange(0);
    this.front(FIRST_LOOK);
  }

  front({ yaw, pitch } = { yaw: 0, pitch: 0 }) {
    Object.assign(this, { yaw, pitch });
  }

  // To the right and up, by radians. Nobody stands on their head: up and down end at the poles.
  turn(right, up) {
    this.yaw = (this.yaw + right) % (2 * Math.PI);
    this.pitch = clamp(this.pitch + up, -Math.PI / 2, Math.PI / 2);
  }

  arrange(n) {
    if (this.order?.length === n) return;
    this.order = new Uint32Array(n); // from the back to the front
    [this.flat, this.near, this.size] = [2 * n, n, n].map((length) => new Float32Array(length));
    this.level = new Uint16Array(n);
  }

  // x' = x cos a + z sin a, z' = z cos a − x sin a about the vertical axis (yaw a); then y' = y cos b + z' sin b,
  // z'' = z' cos b − y sin b (pitch b: the front goes up).
  rotate(x, y, z) {
    const across = x * this.cosYaw + z * this.sinYaw;
    const deep = z * this.cosYaw - x * this.sinYaw;
    return [across, y * this.cosPitch + deep * this.sinPitch, deep * this.cosPitch - y * this.sinPitch];
  }

  look() {
    [this.cosYaw, this.sinYaw] = [Math.cos(this.yaw), Math.sin(this.yaw)];
    [this.cosPitch, this.sinPitch] = [Math.cos(this.pitch), Math.sin(this.pitch)];
  }

  // Perspective: what lies z nearer to the eye is EYE / (EYE − z) times as large and as far from the middle.
  project(positions) {
    const n = positions.length / 3;
    this.arrange(n);
    this.look();
    for (let i = 0; i < n; i++) {
      const [x, y, z] = this.rotate(positions[3 * i], positions[3 * i + 1], positions[3 * i + 2]);
      const scale = EYE / (EYE - z);
      this.flat[2 * i] = ROOM * scale * x;
      this.flat[2 * i + 1] = ROOM * scale * y;
      this.size[i] = scale ** 1.5; // a little more than perspective: points are small
      this.near[i] = clamp((z + 1) / 2, 0, 1);
    }
    this.sort();
  }

  // By counting: each film's level of depth, how many lie behind that level, and so its place.
  sort() {
    const { near, level, order } = this;
    const first = new Uint32Array(LEVELS + 1);
    for (let i = 0; i < near.length; i++) first[(level[i] = Math.floor(near[i] * (LEVELS - 1))) + 1] += 1;
    for (let k = 1; k <= LEVELS; k++) first[k] += first[k - 1];
    for (let i = 0; i < near.length; i++) order[first[level[i]]++] = i;
  }
}

// A map whose frames may have three numbers a film.
class SpaceMap extends FilmMap {
  constructor(root) {
    super(root);
    Object.assign(this, { space: new Space(), turning: false, before: null });
    this.turnButton = root.querySelector(".turn");
    this.turnButton.onclick = () => this.turnByItself(!this.turning);
    for (const kind of ["pointerdown", "wheel"]) {
      this.overlay.canvas.addEventListener(kind, () => this.turnByItself(false), { capture: true, passive: true });
    }
    this.overlay.canvas.addEventListener("keydown", (event) => this.onKey(event));
    for (const kind of ["pointerup", "pointercancel"]) {
      this.overlay.canvas.addEventListener(kind, () => this.deep && this.overlay.chooseLandmarks());
    }
  }

  get deep() {
    return this.frame?.dims === 3;
  }

  setFrame(frame) {
    const was = this.deep;
    super.setFrame(frame);
    if (this.deep !== was) this.enterOrLeave();
  }

  enterOrLeave() {
    const { canvas } = this.overlay;
    if (this.deep) canvas.tabIndex = 0;
    else canvas.removeAttribute("tabindex");
    this.turnButton.hidden = !this.deep;
    this.turnByItself(this.deep && !reducedMotion());
  }

  labelControls() {
    super.labelControls();
    this.turnButton.textContent = this.strings.turn;
    this.turnButton.title = this.strings.turn_help;
  }

  // In 3-D, beside how honest it is, how honest the same epoch is in 2-D.
  facts() {
    const { flatHonesty, honesty } = this.frame ?? {};
    const facts = super.facts();
    if (flatHonesty === undefined || Number.isNaN(honesty)) return facts;
    return [...facts, fill(this.strings.in_flat, { percent: Math.round(100 * flatHonesty) })];
  }

  label(facts) {
    return [super.label(facts), this.deep && this.strings.keys].filter(Boolean).join(" ");
  }

  // --- Turning ---------------------------------------------------------------------------------------------

  // Until it is touched: pressed, zoomed, or turned by hand.
  turnByItself(turning) {
    Object.assign(this, { turning, before: null });
    this.turnButton.ariaPressed = String(turning);
    if (turning) this.schedule();
    else if (this.deep) this.overlay.chooseLandmarks();
  }

  advance(now) {
    const moved = super.advance(now);
    if (!this.deep) return moved;
    if (this.turning && this.before !== null) this.space.turn((TURN_SPEED * (now - this.before)) / 1000, 0);
    this.before = now;
    if (moved || this.turning) this.lookAgain();
    return moved || this.turning;
  }

  // Films that are turned away keep their names until the turn is over: names that come and go are no help.
  turnBy(right, up) {
    this.space.turn(right, up);
    this.lookAgain();
    this.schedule();
  }

  lookAgain() {
    this.space.project(this.positions);
  }

  viewChanged() {
    if (this.deep) this.lookAgain();
    super.viewChanged();
  }

  drag(dx, dy) {
    if (!this.deep) return super.drag(dx, dy);
    this.turnBy(DRAG_TURN * dx, -DRAG_TURN * dy);
  }

  onKey(event) {
    if (!this.deep) return;
    const turns = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const zooms = { "+": 1.25, "=": 1.25, "-": 0.8 };
    if (turns[event.key]) this.turnBy(...turns[event.key].map((part) => part * KEY_TURN));
    else if (zooms[event.key]) this.pointer.look(() => this.view.zoomBy(zooms[event.key]));
    else if (event.key === "Home") this.fromTheFront();
    else return;
    event.preventDefault();
    this.turnByItself(false);
  }

  fromTheFront() {
    this.space.front();
    this.view.reset();
    this.turnBy(0, 0);
  }

  // --- What is shown ---------------------------------------------------------------------------------------

  get flat() {
    return this.deep ? this.space.flat : super.flat;
  }

  get depth() {
    return this.deep ? this.space : super.depth;
  }

  restingPlace(i) {
    return this.deep ? this.place(i) : super.restingPlace(i);
  }

  radius(i) {
    return super.radius(i) * (this.deep ? this.space.size[i] : 1);
  }

  // In space the film in front covers those behind it.
  rankUnder(i, distance) {
    return this.deep ? -this.space.near[i] : super.rankUnder(i, distance);
  }

  draw(now) {
    super.draw(now);
    if (this.deep && this.view.width) this.drawAxes(this.overlay.context);
  }

  // In the corner: where the three directions of the map lie now.
  drawAxes(context) {
    const [x, y] = [AXIS_PX + 14, this.view.height - AXIS_PX - 14];
    Object.assign(context, { strokeStyle: this.theme.text, fillStyle: this.theme.text, lineWidth: 1.5 });
    Object.assign(context, { font: "600 11px sans-serif", textAlign: "center", textBaseline: "middle" });
    [[1, 0, 0], [0, 1, 0], [0, 0, 1]].forEach((direction, axis) => {
      const [across, up, near] = this.space.rotate(...direction);
      context.globalAlpha = 0.55 + 0.4 * near;
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x + AXIS_PX * across, y - AXIS_PX * up);
      context.stroke();
      context.fillText("xyz"[axis], x + (AXIS_PX + 8) * across, y - (AXIS_PX + 8) * up);
    });
    Object.assign(context, { globalAlpha: 1, textAlign: "start" });
  }
}
