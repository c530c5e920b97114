// Where on the screen a position lies, and for how fast it moves there.
const MARGIN = 20; // px between the outermost films and the edge
const FURTHEST_ZOOM = 40;

// From positions in [-1, 1]², y upwards, to CSS pixels: (x + unit · x_film, y - unit · y_film).
class View {
  constructor() {
    Object.assign(this, { width: 0, height: 0, zoom: 1, panX: 0, panY: 0 });
  }

  get unit() {
    return (Math.min(this.width, this.height) / 2 - MARGIN) * this.zoom;
  }

  get x() {
    return this.width / 2 + this.panX;
  }

  get y() {
    return this.height / 2 + this.panY;
  }

  // Films grow with the map and, slower than the distances, with the zoom.
  get magnify() {
    return clamp(Math.min(this.width, this.height) / 520, 0.7, 1.2) * this.zoom ** 0.4;
  }

  place(positions, i) {
    return { x: this.x + positions[2 * i] * this.unit, y: this.y - positions[2 * i + 1] * this.unit };
  }

  // True where a point is in sight and not at the very edge.
  shows({ x, y }) {
    return x > MARGIN && y > MARGIN && x < this.width - MARGIN && y < this.height - MARGIN;
  }

  // The point (x, y) of the screen stays where it is.
  zoomBy(factor, x = this.width / 2, y = this.height / 2) {
    const zoom = clamp(this.zoom * factor, 1, FURTHEST_ZOOM);
    const k = zoom / this.zoom;
    const [panX, panY] = [x - (x - this.x) * k - this.width / 2, y - (y - this.y) * k - this.height / 2];
    this.zoom = zoom;
    this.panTo(panX, panY);
  }

  panTo(panX, panY) {
    const reach = this.zoom > 1 ? this.unit : 0;
    this.panX = clamp(panX, -reach, reach);
    this.panY = clamp(panY, -reach, reach);
  }

  panBy(dx, dy) {
    this.panTo(this.panX + dx, this.panY + dy);
  }

  centre({ x, y }) {
    this.panBy(this.width / 2 - x, this.height / 2 - y);
  }

  reset() {
    this.zoom = 1;
    this.panTo(0, 0);
  }
}

// Frames a second over the last whole second of movement; the rests between two movements do not count.
class FrameClock {
  steps = []; // ms between drawings
  fps = 0;
  before = null; // when the last drawing of this movement was

  tick(now) {
    if (this.before) this.steps.push(now - this.before);
    this.before = now;
    let sum = this.steps.reduce((total, step) => total + step, 0);
    if (sum >= 1000) this.fps = (1000 * this.steps.length) / sum;
    while (sum - this.steps[0] >= 1000) sum -= this.steps.shift();
  }

  rest() {
    this.before = null;
  }
}
