// The film map of the page You: one point more than there are films, the mean of the places of some of them, each with
// a weight. It moves with them, and when it is given others, it glides there.
const GLIDE_MS = 700;
const STAR = { points: 5, outer: 14, inner: 6 };

class Visitor {
  constructor(map) {
    Object.assign(this, { map, start: -Infinity, origin: null, given: null });
  }

  // `point`: {films: item_index, weights: 1 in all, name: text, said: text for screen readers}, or null.
  update(point) {
    if (JSON.stringify(point) === JSON.stringify(this.given)) return;
    const now = performance.now();
    this.origin = point && this.position(now);
    this.given = point;
    this.start = now;
    this.map.schedule();
  }

  moving(now) {
    return this.given !== null && now - this.start < GLIDE_MS;
  }

  // In the map's own coordinates, [-1, 1]²; null when there is none.
  position(now) {
    const { map: { positions }, given, origin } = this;
    if (!given || given.films.some((i) => 2 * i >= positions.length)) return null;
    const mean = [0, 1].map((axis) => given.films.reduce((sum, i, k) => sum + given.weights[k] * positions[2 * i + axis], 0));
    const share = easeOut(clamp((now - this.start) / GLIDE_MS, 0, 1));
    return origin ? mean.map((value, axis) => origin[axis] + (value - origin[axis]) * share) : mean;
  }

  draw(context, now) {
    const position = this.position(now);
    if (!position) return;
    const { view, theme } = this.map;
    const { x, y } = view.place(position, 0);
    const growth = this.origin ? 1 : easeOut(clamp((now - this.start) / GLIDE_MS, 0, 1));
    Object.assign(context, { lineJoin: "round", fillStyle: theme.text, strokeStyle: theme.background, lineWidth: 4 });
    context.beginPath();
    for (let k = 0; k < 2 * STAR.points; k++) {
      const [radius, angle] = [growth * (k % 2 ? STAR.inner : STAR.outer), (k * Math.PI) / STAR.points];
      context.lineTo(x + radius * Math.sin(angle), y - radius * Math.cos(angle));
    }
    context.closePath();
    context.stroke();
    context.fill();
    Object.assign(context, { font: `700 14px ${theme.font}`, textBaseline: "middle", textAlign: "center" });
    context.strokeText(this.given.name, x, y + 24);
    context.fillText(this.given.name, x, y + 24);
    context.textAlign = "start";
  }
}

class YouMap extends FilmMap {
  constructor(root) {
    super(root);
    this.visitor = new Visitor(this);
  }

  update(component) {
    super.update(component);
    this.visitor.update(component.data.visitor);
    this.renderStatus();
  }

  animate(now) {
    super.animate(now);
    if (this.visitor.moving(now)) this.schedule();
  }

  draw(now) {
    super.draw(now);
    if (this.view.width && this.theme) this.visitor.draw(this.overlay.context, now);
  }

  label(facts) {
    return [super.label(facts), this.visitor?.given?.said].filter(Boolean).join(" ");
  }
}

export default mounting(YouMap, (map) => {
  expose(map);
  window.__youOnTheMap = () => map.visitor.position(performance.now());
});
