// The map of the films: one point a film, moving as the model learns. Positions arrive as frames over the
// shared socket; between two frames the browser moves the points itself.
const TWEEN_MS = 300;
const FLASH_MS = 1200;
const WORLD = 32767;
const MARGIN = 20; // px between the outermost films and the edge
const LONGEST_LABEL = 28;
const instances = new WeakMap();

const easeOut = (t) => 1 - (1 - t) * (1 - t);

function element(tag, properties, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function swatch(group, colour) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const outlines = [
    "M1,6a5,5 0 1,0 10,0a5,5 0 1,0 -10,0", "M6,0L12,6L6,12L0,6Z", "M1.4,1.4H10.6V10.6H1.4Z", "M6,0.5L12,10.5H0Z",
  ];
  svg.setAttribute("viewBox", "0 0 12 12");
  shape.setAttribute("d", outlines[shapeOf(group)]);
  shape.setAttribute("fill", colour);
  svg.append(shape);
  return svg;
}

// Frame times while something moves; a pause between two movements does not count as a slow frame.
class FrameClock {
  times = [];
  fps = 0; // over the last whole second of movement

  tick(now) {
    const { times } = this;
    times.push(now);
    while (now - times[1] >= 1000) times.shift();
    if (now - times[0] >= 1000) this.fps = (1000 * (times.length - 1)) / (now - times[0]);
  }

  rest() {
    this.times = [];
  }
}

class FilmMap {
  constructor(root) {
    const find = (selector) => root.querySelector(selector);
    this.root = find(".film-map");
    this.stage = find(".stage");
    this.overlay = find(".overlay");
    this.context = this.overlay.getContext("2d");
    this.tooltip = find(".tooltip");
    this.emptyNote = find(".empty");
    this.status = find(".status");
    this.legend = find(".legend");
    this.search = new FilmSearch(find("input"), find("ul"), (i) => this.pick(i, true));
    this.positions = this.origin = this.target = new Float32Array(0);
    Object.assign(this, { zoom: 1, panX: 0, panY: 0, frames: 0, picked: null, hovered: null, isolated: null });
    Object.assign(this, { width: 0, height: 0, neighbours: [], landmarks: [], pointers: new Map() });
    this.clock = new FrameClock();
    this.useRenderer(find("canvas.points"));
    this.listenToPointer();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.stage);
  }

  useRenderer(canvas) {
    const renderer = WebGlPoints.create(canvas, () => this.fallBack());
    this.renderer = renderer ?? this.canvasRenderer(canvas);
  }

  // A canvas that has had one kind of context never gets another: the fallback brings its own.
  canvasRenderer(canvas) {
    const fresh = canvas.cloneNode();
    canvas.replaceWith(fresh);
    return new CanvasPoints(fresh);
  }

  fallBack() {
    const { canvas } = this.renderer;
    this.renderer.destroy();
    this.renderer = this.canvasRenderer(canvas);
    this.resize();
    this.styleFilms();
  }

  // Called on each rerun of the script, and when the theme changes; keeps zoom, films and positions.
  update({ data, setTriggerValue }) {
    this.setTriggerValue = setTriggerValue;
    this.strings = data.strings;
    this.maxHeight = data.height;
    this.labelControls();
    this.theme = readTheme(this.root);
    this.root.dataset.theme = this.theme.dark ? "dark" : "light";
    this.palette = PALETTE[this.theme.dark ? "dark" : "light"];
    if (data.run !== this.run) Object.assign(this, { run: data.run, picked: null, selected: null });
    if (data.selected !== this.selected) this.picked = data.selected;
    Object.assign(this, { selected: data.selected, neighbours: data.neighbours });
    this.loadFilms(data.items_url);
    this.follow(data.live_url);
    this.renderLegend();
    this.renderStatus();
    this.resize();
  }

  labelControls() {
    const { strings } = this;
    this.search.nothingFound = strings.nothing_found;
    Object.assign(this.search.input, { placeholder: strings.search, ariaLabel: strings.search });
    this.search.list.ariaLabel = strings.search;
    for (const button of this.root.querySelectorAll("[data-zoom]")) {
      button.title = button.ariaLabel = strings[`zoom_${button.dataset.zoom}`];
    }
    this.legend.ariaLabel = strings.legend;
  }

  async loadFilms(url) {
    if (url === this.itemsUrl) return;
    this.itemsUrl = url;
    try {
      const films = await live.fetchJson(url);
      if (url === this.itemsUrl) this.setFilms(films);
    } catch {
      this.itemsUrl = null; // the next rerun tries again
      this.trouble = this.strings.no_titles;
      this.renderStatus();
    }
  }

  setFilms(films) {
    this.trouble = null;
    this.films = films;
    this.isolated = null;
    this.genres = groupByGenre(films.genres);
    this.search.setFilms(films);
    this.styleFilms();
    this.renderLegend();
    this.renderStatus();
  }

  // Sizes grow with the root of the number of ratings: a hint, not a bar chart.
  styleFilms() {
    const n = this.positions.length / 2;
    const count = this.films?.count ?? [];
    const most = Math.max(1, ...count);
    const crowding = clamp(Math.sqrt(1700 / Math.max(n, 1)), 0.65, 1.5);
    this.groupOf = Uint8Array.from({ length: n }, (_, i) => this.genres?.groups[i] ?? OTHER);
    this.radii = Float32Array.from({ length: n }, (_, i) => crowding * (2.3 + 4.2 * Math.sqrt((count[i] ?? 0) / most)));
    this.byCount = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => (count[b] ?? 0) - (count[a] ?? 0));
    this.renderer.setFilms(this.groupOf, this.radii);
    this.chooseLandmarks();
    this.schedule();
  }

  follow(url) {
    if (url === this.liveUrl) return;
    this.unsubscribe?.();
    this.liveUrl = url;
    this.unsubscribe = null;
    this.snapshot = live.blankSnapshot();
    this.setFrame(null);
    if (!url) return; // no run yet
    this.unsubscribe = live.subscribe(url, (kind, snapshot) => {
      this.snapshot = snapshot;
      if (kind === "frame" || kind === "reset") this.setFrame(snapshot.frame);
      else this.renderStatus();
    });
  }

  setFrame(frame) {
    if (frame === this.frame) return;
    const known = this.positions.length / 2;
    this.frame = frame;
    this.frames = frame ? this.frames + 1 : 0;
    this.target = Float32Array.from(frame?.positions ?? [], (value) => value / WORLD);
    this.origin = frame?.n === known ? this.positions : this.target;
    this.positions = this.origin.slice();
    this.tweenStart = performance.now();
    this.emptyNote.hidden = frame !== null;
    if (frame?.n !== known) this.styleFilms();
    this.renderStatus();
    this.chooseLandmarks();
    this.schedule();
  }

  // --- Movement -------------------------------------------------------------------------------------------

  schedule() {
    this.request ??= requestAnimationFrame((now) => this.animate(now));
  }

  animate(now) {
    this.request = null;
    const moving = this.tween(now);
    const flashing = now - (this.flashStart ?? -Infinity) < FLASH_MS;
    if (moving) this.clock.tick(now);
    else this.clock.rest();
    this.draw(now);
    if (moving || flashing) this.schedule();
  }

  tween(now) {
    const { origin, target, positions } = this;
    if (origin === target) return false;
    const t = clamp((now - this.tweenStart) / TWEEN_MS, 0, 1);
    const share = easeOut(t);
    for (let i = 0; i < positions.length; i++) positions[i] = origin[i] + (target[i] - origin[i]) * share;
    if (t === 1) this.origin = target;
    return true;
  }

  // --- View -----------------------------------------------------------------------------------------------

  get view() {
    const fit = Math.min(this.width, this.height) / 2 - MARGIN;
    const growth = clamp(Math.min(this.width, this.height) / 520, 0.7, 1.2);
    return {
      unit: fit * this.zoom,
      x: this.width / 2 + this.panX,
      y: this.height / 2 + this.panY,
      magnify: growth * this.zoom ** 0.4,
    };
  }

  place(i) {
    const { unit, x, y } = this.view;
    return { x: x + this.positions[2 * i] * unit, y: y - this.positions[2 * i + 1] * unit };
  }

  screenOf(i) {
    const { left, top } = this.overlay.getBoundingClientRect();
    const { x, y } = this.place(i);
    return { x: left + x, y: top + y };
  }

  resize() {
    if (!this.theme) return;
    const width = this.root.clientWidth;
    const height = Math.min(this.maxHeight, Math.max(300, width));
    const ratio = window.devicePixelRatio || 1;
    this.stage.style.height = `${height}px`;
    if (width === this.width && height === this.height && ratio === this.ratio && this.renderer.width) {
      return this.schedule();
    }
    Object.assign(this, { width, height, ratio });
    this.renderer.resize(width, height, ratio);
    this.overlay.width = Math.round(width * ratio);
    this.overlay.height = Math.round(height * ratio);
    this.chooseLandmarks();
    this.schedule();
  }

  zoomBy(factor, x = this.width / 2, y = this.height / 2) {
    const zoom = clamp(this.zoom * factor, 1, 40);
    const view = this.view;
    const k = zoom / this.zoom;
    this.zoom = zoom;
    this.panTo(x - (x - view.x) * k - this.width / 2, y - (y - view.y) * k - this.height / 2);
  }

  panTo(panX, panY) {
    const reach = this.view.unit;
    this.panX = clamp(panX, -reach, reach);
    this.panY = clamp(panY, -reach, reach);
    if (this.zoom === 1) this.panX = this.panY = 0;
    this.overlay.style.touchAction = this.zoom > 1 ? "none" : "pan-y";
    this.chooseLandmarks();
    this.schedule();
  }

  reset() {
    this.zoom = 1;
    this.panTo(0, 0);
  }

  // --- Pointer --------------------------------------------------------------------------------------------

  listenToPointer() {
    const { overlay } = this;
    const on = (name, handler, options) => overlay.addEventListener(name, handler.bind(this), options);
    on("wheel", this.onWheel, { passive: false });
    on("dblclick", this.reset);
    on("pointerdown", this.onDown);
    on("pointermove", this.onMove);
    on("pointerup", this.onUp);
    on("pointercancel", (event) => this.pointers.delete(event.pointerId));
    on("pointerleave", () => this.hover(null));
    const actions = { in: () => this.zoomBy(1.5), out: () => this.zoomBy(1 / 1.5), reset: () => this.reset() };
    for (const button of this.root.querySelectorAll("[data-zoom]")) button.onclick = actions[button.dataset.zoom];
  }

  at(event) {
    const { left, top } = this.overlay.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  onWheel(event) {
    if (event.deltaY > 0 && this.zoom === 1) return; // nothing left to zoom out of: let the page scroll
    event.preventDefault();
    const { x, y } = this.at(event);
    this.zoomBy(Math.exp(-clamp(event.deltaY, -120, 120) / 300), x, y);
  }

  onDown(event) {
    this.overlay.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.at(event));
    if (this.pointers.size === 1) this.travelled = 0;
  }

  onMove(event) {
    const now = this.at(event);
    const before = this.pointers.get(event.pointerId);
    if (!before) return this.hover(this.nearest(now, event.pointerType === "touch" ? 18 : 8));
    this.pointers.set(event.pointerId, now);
    this.travelled += Math.hypot(now.x - before.x, now.y - before.y);
    if (this.pointers.size === 2) this.pinch(event.pointerId, before, now);
    else if (this.travelled > 4) this.panTo(this.panX + now.x - before.x, this.panY + now.y - before.y);
  }

  pinch(id, before, now) {
    const [other] = [...this.pointers].filter(([key]) => key !== id).map(([, point]) => point);
    const apart = (point) => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
    this.travelled = Infinity;
    this.zoomBy(apart(now) / apart(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
  }

  onUp(event) {
    const point = this.at(event);
    if (!this.pointers.delete(event.pointerId) || this.travelled > 4) return;
    const i = this.nearest(point, event.pointerType === "touch" ? 18 : 8);
    if (i !== null) this.pick(i, false);
  }

  // The film under the pointer, or the nearest within `slack` px of its rim.
  nearest(point, slack) {
    const { unit, x, y, magnify } = this.view;
    let best = null;
    let least = Infinity;
    for (let i = 0; i < this.positions.length / 2; i++) {
      if (this.isolated !== null && this.groupOf[i] !== this.isolated) continue;
      const distance = Math.hypot(
        x + this.positions[2 * i] * unit - point.x, y - this.positions[2 * i + 1] * unit - point.y);
      if (distance < least && distance < slack + this.radii[i] * magnify) [best, least] = [i, distance];
    }
    return best;
  }

  hover(i) {
    this.overlay.style.cursor = i === null ? "" : "pointer";
    if (i === this.hovered) return;
    this.hovered = i;
    this.tooltip.hidden = i === null || !this.films;
    if (!this.tooltip.hidden) this.fillTooltip(i);
    this.schedule();
  }

  fillTooltip(i) {
    const { films, strings } = this;
    const genres = (films.genres[i] || strings.no_genre).split("|").join(", ");
    this.tooltip.replaceChildren(
      element("strong", { textContent: titleOf(films, i) }),
      element("span", { textContent: genres }),
      element("span", { textContent: fill(strings.ratings, { count: films.count[i].toLocaleString() }) }),
    );
  }

  pick(i, centre) {
    this.picked = i;
    this.flashStart = performance.now();
    const { x, y } = this.place(i);
    const outside = x < MARGIN || y < MARGIN || x > this.width - MARGIN || y > this.height - MARGIN;
    if (centre && outside) this.panTo(this.panX + this.width / 2 - x, this.panY + this.height / 2 - y);
    this.setTriggerValue("picked", i);
    this.renderStatus();
    this.schedule();
  }

  // --- Text around the map --------------------------------------------------------------------------------

  renderLegend() {
    if (!this.genres || !this.palette) return;
    this.legend.replaceChildren(...this.genres.legend.map(({ group, genre, count }) => {
      const label = genre ?? this.strings.other_genres;
      const button = element("button", { type: "button", title: this.strings.isolate },
        swatch(group, this.palette[group]),
        element("span", { textContent: label }),
        element("small", { textContent: count.toLocaleString() }));
      button.ariaPressed = String(this.isolated === group);
      button.classList.toggle("muted", this.isolated !== null && this.isolated !== group);
      button.onclick = () => this.isolate(group);
      return button;
    }));
  }

  isolate(group) {
    this.isolated = this.isolated === group ? null : group;
    const pressed = this.genres.legend.findIndex((entry) => entry.group === group);
    this.renderLegend();
    this.legend.children[pressed].focus();
    this.chooseLandmarks();
    this.schedule();
  }

  renderStatus() {
    if (!this.snapshot) return;
    const { strings, frame, snapshot } = this;
    const notes = { lost: strings.lost, gone: strings.gone };
    const awaited = ["running", "waiting"].includes(snapshot.state?.state);
    this.emptyNote.textContent = awaited ? strings.awaited : strings.empty;
    const parts = [];
    if (frame) parts.push(fill(strings.epoch, { epoch: frame.epoch.toFixed(1) }), frame.method);
    if (frame && !Number.isNaN(frame.honesty)) {
      parts.push(fill(strings.honesty, { percent: Math.round(100 * frame.honesty) }));
    }
    this.status.textContent = [parts.join(" · "), this.trouble ?? notes[snapshot.connection]].filter(Boolean).join(" — ");
    this.status.title = strings.honesty_explained;
    const picked = this.picked !== null && this.films ? titleOf(this.films, this.picked) : null;
    const label = frame ? fill(strings.label, { n: frame.n, status: parts.join(", ") }) : this.emptyNote.textContent;
    this.overlay.ariaLabel = picked ? `${label} ${fill(strings.picked, { title: picked })}` : label;
  }

  // --- Drawing --------------------------------------------------------------------------------------------

  draw(now) {
    if (!this.width || !this.theme) return;
    const { positions, view, palette, isolated, theme } = this;
    const dim = this.links.length ? 0.4 : 0.92;
    this.renderer.draw({ positions, view, palette, background: theme.rgb, isolated, dim });
    this.drawOverlay(now);
    this.moveTooltip();
  }

  // The neighbours that Python found for the picked film, once it has.
  get links() {
    const shown = this.picked !== null && this.picked === this.selected && this.frame;
    return shown ? this.neighbours.filter((i) => i < this.frame.n) : [];
  }

  drawOverlay(now) {
    const { context, ratio, width, height, links } = this;
    const n = this.positions.length / 2;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const picked = this.picked !== null && this.picked < n ? this.picked : null;
    if (links.length) this.drawLinks(picked, links);
    if (picked !== null) this.drawRing(picked, now);
    if (this.hovered !== null && this.hovered < n) this.drawHalo(this.hovered);
    this.drawLabels(picked === null ? this.landmarks : [picked, ...links], picked);
  }

  drawLinks(picked, links) {
    const { context, theme } = this;
    const from = this.place(picked);
    context.lineWidth = 1.4;
    context.strokeStyle = theme.primary;
    context.globalAlpha = 0.55;
    context.beginPath();
    for (const i of links) {
      const to = this.place(i);
      context.moveTo(from.x, from.y);
      context.lineTo(to.x, to.y);
    }
    context.stroke();
    context.globalAlpha = 1;
    for (const i of [...links, picked]) this.drawFilm(i);
  }

  drawFilm(i) {
    const { context } = this;
    const { x, y } = this.place(i);
    const radius = this.radii[i] * this.view.magnify + 0.6;
    context.beginPath();
    traceShape(context, shapeOf(this.groupOf[i]), x, y, radius);
    context.fillStyle = this.palette[this.groupOf[i]];
    context.strokeStyle = this.theme.background;
    context.lineWidth = 1.2;
    context.fill();
    context.stroke();
  }

  drawRing(i, now) {
    const { context, theme } = this;
    const { x, y } = this.place(i);
    const radius = this.radii[i] * this.view.magnify + 5;
    const flash = clamp((now - (this.flashStart ?? -Infinity)) / FLASH_MS, 0, 1);
    context.strokeStyle = theme.primary;
    context.lineWidth = 2.5;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.stroke();
    if (flash === 1) return;
    context.globalAlpha = 1 - flash;
    context.beginPath();
    context.arc(x, y, radius + 30 * easeOut(flash), 0, 2 * Math.PI);
    context.stroke();
    context.globalAlpha = 1;
  }

  drawHalo(i) {
    const { context, theme } = this;
    const { x, y } = this.place(i);
    this.drawFilm(i);
    context.strokeStyle = theme.text;
    context.lineWidth = 1.5;
    context.beginPath();
    context.arc(x, y, this.radii[i] * this.view.magnify + 3, 0, 2 * Math.PI);
    context.stroke();
  }

  // The most rated films in sight bear their names, as towns do on a map. Chosen when a frame or the view
  // changes, not at every drawing: labels that come and go are no help.
  chooseLandmarks() {
    this.landmarks = [];
    if (!this.films || !this.frame) return;
    const room = Math.round((this.width * this.height) / 42000);
    const { unit, x, y } = this.view;
    const boxes = [];
    for (const i of this.byCount) {
      if (this.landmarks.length >= room) break;
      if (this.isolated !== null && this.groupOf[i] !== this.isolated) continue;
      const box = this.labelBox(i, x + this.target[2 * i] * unit, y - this.target[2 * i + 1] * unit);
      const inside = box.left > 0 && box.right < this.width && box.top > 0 && box.bottom < this.height;
      if (!inside || boxes.some((other) => overlap(box, other))) continue;
      boxes.push(box);
      this.landmarks.push(i);
    }
  }

  labelText(i) {
    const title = this.films.title[i].replace(/ \(\d{4}\)$/, "");
    return title.length > LONGEST_LABEL ? `${title.slice(0, LONGEST_LABEL - 1).trimEnd()}…` : title;
  }

  labelBox(i, x, y) {
    this.context.font = this.labelFont;
    const left = x + this.radii[i] * this.view.magnify + 5;
    const width = this.context.measureText(this.labelText(i)).width;
    return { left, right: left + width, top: y - 11, bottom: y + 11, x: left, y };
  }

  get labelFont() {
    return `500 12px ${this.theme?.font ?? "sans-serif"}`;
  }

  // Names the films in this order, leaving out a name that would cover an earlier one.
  drawLabels(films, always) {
    if (!this.films) return;
    const { context, theme } = this;
    const drawn = [];
    Object.assign(context, { font: this.labelFont, textBaseline: "middle", lineJoin: "round", lineWidth: 3.5 });
    Object.assign(context, { strokeStyle: this.theme.background, fillStyle: theme.text });
    for (const i of films) {
      const { x, y } = this.place(i);
      let box = this.labelBox(i, x, y);
      const width = box.right - box.left;
      if (box.right > this.width - 4) box = { ...box, left: 2 * x - box.left - width, right: 2 * x - box.left };
      if (always !== null && drawn.some((other) => overlap(box, other))) continue;
      drawn.push(box);
      context.globalAlpha = 0.85;
      context.strokeText(this.labelText(i), box.left, y);
      context.globalAlpha = i === always ? 1 : 0.8;
      context.fillText(this.labelText(i), box.left, y);
    }
    context.globalAlpha = 1;
  }

  moveTooltip() {
    if (this.tooltip.hidden || this.hovered === null) return;
    const { x, y } = this.place(this.hovered);
    const { offsetWidth, offsetHeight } = this.tooltip;
    const left = x + 14 + offsetWidth > this.width ? x - 14 - offsetWidth : x + 14;
    const top = y + 14 + offsetHeight > this.height ? y - 14 - offsetHeight : y + 14;
    this.tooltip.style.transform = `translate(${Math.max(0, left)}px, ${Math.max(0, top)}px)`;
  }

  destroy() {
    this.unsubscribe?.();
    this.observer.disconnect();
    cancelAnimationFrame(this.request);
    this.renderer.destroy();
    if (window.__filmMap?.owner === this) delete window.__filmMap;
  }
}

function overlap(a, b) {
  return a.left < b.right + 6 && b.left < a.right + 6 && a.top < b.bottom && b.top < a.bottom;
}

// What browser tests read: a canvas has no elements to ask.
function expose(map) {
  window.__filmMap = {
    owner: map,
    get n() { return map.positions.length / 2; },
    get frames() { return map.frames; },
    get epoch() { return map.frame?.epoch ?? null; },
    get positions() { return map.positions; },
    get fps() { return map.clock.fps; },
    get picked() { return map.picked; },
    get zoom() { return map.zoom; },
    get links() { return map.links; },
    get renderer() { return map.renderer.constructor.kind; },
    screenOf: (i) => map.screenOf(i),
  };
}

export default function (component) {
  const parent = component.parentElement;
  let map = instances.get(parent);
  if (!map?.root.isConnected) {
    map?.destroy();
    map = new FilmMap(parent);
    instances.set(parent, map);
    expose(map);
  }
  map.update(component);
  return () => {
    map.destroy();
    instances.delete(parent);
  };
}
