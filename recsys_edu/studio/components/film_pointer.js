// The mouse and the fingers on the map: wheel or pinch zooms, a drag pans (in space it turns), a double click shows all
// again, a film under the pointer is hovered, a click picks it.
const CLICK_TRAVEL = 4; // px that a click may move before it is a drag
const SLACK = { touch: 18, mouse: 8, pen: 8 }; // px beside a film that still count as on it

class Pointer {
  constructor(map) {
    Object.assign(this, { map, view: map.view, fingers: new Map(), travelled: 0 });
    const { canvas } = map.overlay;
    const listen = (name, handler, options) => canvas.addEventListener(name, handler.bind(this), options);
    listen("wheel", this.onWheel, { passive: false });
    listen("dblclick", () => this.look(() => this.view.reset()));
    listen("pointerdown", this.onDown);
    listen("pointermove", this.onMove);
    listen("pointerup", this.onUp);
    listen("pointercancel", (event) => this.fingers.delete(event.pointerId));
    listen("pointerleave", () => map.hover(null));
    this.listenToButtons();
  }

  listenToButtons() {
    const actions = {
      in: () => this.view.zoomBy(1.5),
      out: () => this.view.zoomBy(1 / 1.5),
      reset: () => this.view.reset(),
    };
    for (const button of this.map.root.querySelectorAll("[data-zoom]")) {
      button.onclick = () => this.look(actions[button.dataset.zoom]);
    }
  }

  // Change the view, then draw it. Unzoomed, a finger on the map still scrolls the page.
  look(change) {
    change();
    this.map.overlay.canvas.style.touchAction = this.view.zoom > 1 ? "none" : "pan-y";
    this.map.viewChanged();
  }

  at(event) {
    const { left, top } = this.map.overlay.canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  onWheel(event) {
    if (event.deltaY > 0 && this.view.zoom === 1) return; // nothing left to zoom out of: let the page scroll
    event.preventDefault();
    const { x, y } = this.at(event);
    this.look(() => this.view.zoomBy(Math.exp(-clamp(event.deltaY, -120, 120) / 300), x, y));
  }

  onDown(event) {
    this.map.overlay.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, this.at(event));
    if (this.fingers.size === 1) this.travelled = 0;
  }

  onMove(event) {
    const now = this.at(event);
    const before = this.fingers.get(event.pointerId);
    if (!before) return this.map.hover(this.map.nearest(now, SLACK[event.pointerType]));
    this.fingers.set(event.pointerId, now);
    const [dx, dy] = [now.x - before.x, now.y - before.y];
    this.travelled += Math.hypot(dx, dy);
    if (this.fingers.size === 2) this.pinch(event.pointerId, before, now);
    else if (this.travelled > CLICK_TRAVEL) this.map.drag(dx, dy);
  }

  pinch(id, before, now) {
    const [other] = [...this.fingers].filter(([key]) => key !== id).map(([, point]) => point);
    const apart = (point) => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
    this.travelled = Infinity;
    this.look(() => this.view.zoomBy(apart(now) / apart(before), (now.x + other.x) / 2, (now.y + other.y) / 2));
  }

  onUp(event) {
    if (!this.fingers.delete(event.pointerId) || this.travelled > CLICK_TRAVEL) return;
    const i = this.map.nearest(this.at(event), SLACK[event.pointerType]);
    if (i !== null) this.map.pick(i);
  }
}
