// The map of the films: one point a film, moving as the model learns. Positions arrive as frames over the
// shared socket; between two frames the browser moves the points itself.
const TWEEN_MS = 300;
const WORLD = 32767;

function element(tag, properties, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function swatch(group, palette) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const outlines = [
    "M1,6a5,5 0 1,0 10,0a5,5 0 1,0 -10,0",
    "M6,0L12,6L6,12L0,6Z",
    "M1.4,1.4H10.6V10.6H1.4Z",
    "M6,0.5L12,10.5H0Z",
  ];
  svg.setAttribute("viewBox", "0 0 12 12");
  shape.setAttribute("d", outlines[shapeOf(group, palette)]);
  shape.setAttribute("fill", palette[group]);
  svg.append(shape);
  return svg;
}

class FilmMap {
  constructor(root) {
    const find = (selector) => root.querySelector(selector);
    this.root = find(".film-map");
    this.stage = find(".stage");
    this.tooltip = find(".tooltip");
    this.emptyNote = find(".empty");
    this.status = find(".status");
    this.legend = find(".legend");
    this.search = new FilmSearch(find("input"), find("ul"), (i) => this.pick(i));
    this.positions = this.origin = this.target = new Float32Array(0);
    Object.assign(this, { frames: 0, picked: null, hovered: null, isolated: null, neighbours: [] });
    this.flashStart = -Infinity;
    this.view = new View();
    this.clock = new FrameClock();
    this.overlay = new Overlay(find(".overlay"), this);
    this.pointer = new Pointer(this);
    this.useRenderer(find("canvas.points"));
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
    this.palette = this.choosePalette();
    if (data.run !== this.run) Object.assign(this, { run: data.run, picked: null, selected: null });
    if (data.selected !== this.selected) this.picked = data.selected;
    Object.assign(this, { selected: data.selected, neighbours: data.neighbours });
    this.loadFilms(data.items_url);
    this.follow(data.live_url);
    this.renderLegend();
    this.renderStatus();
    this.resize();
  }

  choosePalette() {
    return PALETTE[this.theme.dark ? "dark" : "light"];
  }

  // Which of the nine groups each film belongs to, and the entries of the legend: { group, genre, count }.
  groupFilms(films) {
    return groupByGenre(films.genres);
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
    this.genres = this.groupFilms(films);
    this.search.setFilms(films);
    this.styleFilms();
    this.renderLegend();
    this.renderStatus();
  }

  get n() {
    return this.frame?.n ?? 0;
  }

  // Sizes grow with the root of the number of ratings: a hint, not a bar chart.
  styleFilms() {
    const { n } = this;
    const count = this.films?.count ?? [];
    const most = Math.max(1, ...count);
    const crowding = clamp(Math.sqrt(1700 / Math.max(n, 1)), 0.65, 1.5);
    this.groupOf = Uint8Array.from({ length: n }, (_, i) => this.genres?.groups[i] ?? OTHER);
    const ratings = Float32Array.from({ length: n }, (_, i) => count[i] ?? 0);
    this.radii = ratings.map((number) => crowding * (2.3 + 4.2 * Math.sqrt(number / most)));
    this.byCount = Uint32Array.from(ratings, (_, i) => i).sort((a, b) => ratings[b] - ratings[a]);
    this.renderer.setFilms(this.groupOf, this.radii);
    this.viewChanged();
  }

  follow(url) {
    if (url === this.liveUrl) return;
    this.unsubscribe?.();
    this.liveUrl = url;
    this.unsubscribe = null;
    this.snapshot = live.blankSnapshot();
    this.setFrame(null);
    if (!url) return; // no run yet
    this.unsubscribe = live.subscribe(url, (kind, snapshot) => this.hear(kind, snapshot));
  }

  hear(kind, snapshot) {
    this.snapshot = snapshot;
    if (kind === "frame" || kind === "reset") this.setFrame(snapshot.frame);
    else this.renderStatus();
  }

  setFrame(frame) {
    if (frame === this.frame) return;
    const known = this.n;
    this.frame = frame;
    this.frames = frame ? this.frames + 1 : 0;
    this.target = Float32Array.from(frame?.positions ?? [], (value) => value / WORLD);
    this.origin = this.target.length === this.positions.length ? this.positions : this.target;
    this.positions = this.origin.slice();
    this.tweenStart = performance.now();
    this.emptyNote.hidden = frame !== null;
    if (this.n !== known) {
      this.hover(null);
      this.styleFilms();
    }
    this.renderStatus();
    this.viewChanged();
  }

  resize() {
    if (!this.theme) return;
    const { view } = this;
    const width = this.root.clientWidth;
    if (!width) return; // hidden: nothing to draw on until it is shown again
    const height = Math.min(this.maxHeight, Math.max(300, width));
    const ratio = window.devicePixelRatio || 1;
    this.stage.style.height = `${height}px`;
    const same = width === view.width && height === view.height && ratio === this.renderer.ratio;
    if (same) return this.schedule();
    Object.assign(view, { width, height });
    this.renderer.resize(width, height, ratio);
    this.overlay.resize(width, height, ratio);
    this.viewChanged();
  }

  viewChanged() {
    this.overlay.chooseLandmarks();
    this.schedule();
  }

  // --- Movement -------------------------------------------------------------------------------------------

  schedule() {
    this.request ??= requestAnimationFrame((now) => this.animate(now));
  }

  animate(now) {
    this.request = null;
    const moving = this.advance(now);
    const flashing = now - this.flashStart < FLASH_MS;
    if (moving) this.clock.tick(now);
    else this.clock.rest();
    this.draw(now);
    if (moving || flashing) this.schedule();
  }

  // One step of all that moves by itself; false when nothing does.
  advance(now) {
    return this.tween(now);
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

  // --- Films ----------------------------------------------------------------------------------------------

  // Where the films lie on the map, two numbers each: on a flat one, their positions.
  get flat() {
    return this.positions;
  }

  place(i) {
    return this.view.place(this.flat, i);
  }

  // Where the film comes to rest.
  restingPlace(i) {
    return this.view.place(this.target, i);
  }

  // Of the film as it is drawn, in CSS pixels.
  radius(i) {
    return this.radii[i] * this.view.magnify;
  }

  screenOf(i) {
    const { left, top } = this.overlay.canvas.getBoundingClientRect();
    const { x, y } = this.place(i);
    return { x: left + x, y: top + y };
  }

  // Not on the map at all.
  isOut(i) {
    return false;
  }

  isHidden(i) {
    return this.isolated !== null && this.groupOf[i] !== this.isolated;
  }

  // What the renderer gets: a map that hides films moves them out of sight.
  get shownPositions() {
    return this.flat;
  }

  // How far away each film is, for the renderer; null on a flat map.
  get depth() {
    return null;
  }

  // Films with a letter beside them: { i, letter }.
  get marks() {
    return [];
  }

  // The film under the point, or the nearest within `slack` px of its rim.
  nearest(point, slack) {
    let best = null;
    let least = Infinity;
    for (let i = 0; i < this.n; i++) {
      if (this.isHidden(i)) continue;
      const { x, y } = this.place(i);
      const distance = Math.hypot(x - point.x, y - point.y);
      const radius = this.radius(i);
      if (distance > slack + radius) continue;
      const rank = distance < radius ? this.rankUnder(i, distance) : distance;
      if (rank < least) [best, least] = [i, rank];
    }
    return best;
  }

  // Of the films under the pointer, the one of least rank is meant.
  rankUnder(i, distance) {
    return distance;
  }

  // What a drag does.
  drag(dx, dy) {
    this.pointer.look(() => this.view.panBy(dx, dy));
  }

  hover(i) {
    this.overlay.canvas.style.cursor = i === null ? "" : "pointer";
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

  // A film out of sight (found by its title in a zoomed map) is brought to the middle.
  pick(i) {
    const { view } = this;
    const place = this.place(i);
    this.picked = i;
    this.flashStart = performance.now();
    if (!view.shows(place)) view.centre(place);
    this.setTriggerValue("picked", i);
    this.renderStatus();
    this.viewChanged();
  }

  // --- Text around the map --------------------------------------------------------------------------------

  renderLegend() {
    if (!this.genres || !this.palette) return;
    this.legend.replaceChildren(...this.genres.legend.map(({ group, genre, count }) => {
      const label = genre ?? this.strings.other_genres;
      const button = element("button", { type: "button", title: this.strings.isolate },
        swatch(group, this.palette),
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
    this.viewChanged();
  }

  renderStatus() {
    if (!this.snapshot) return;
    const { strings, snapshot } = this;
    const notes = { lost: strings.lost, gone: strings.gone };
    const awaited = ["running", "waiting"].includes(snapshot.state?.state);
    const note = this.trouble ?? notes[snapshot.connection];
    const facts = this.facts();
    this.emptyNote.textContent = awaited ? strings.awaited : strings.empty;
    this.status.textContent = [facts.join(" · "), note].filter(Boolean).join(" — ");
    this.status.title = strings.honesty_explained;
    this.overlay.canvas.ariaLabel = this.label(facts);
  }

  // What is known of the frame on the screen: epoch, method, and how honest the map is.
  facts() {
    const { strings, frame } = this;
    if (!frame) return [];
    const facts = [fill(strings.epoch, { epoch: frame.epoch.toFixed(1) }), frame.method];
    if (Number.isNaN(frame.honesty)) return facts;
    return [...facts, fill(strings.honesty, { percent: Math.round(100 * frame.honesty) })];
  }

  label(facts) {
    const { strings, frame, picked, films } = this;
    if (!frame) return this.emptyNote.textContent;
    const label = fill(strings.label, { n: frame.n, status: facts.join(", ") });
    if (picked === null || !films) return label;
    return `${label} ${fill(strings.picked, { title: titleOf(films, picked) })}`;
  }

  // --- Drawing --------------------------------------------------------------------------------------------

  draw(now) {
    if (!this.view.width || !this.theme) return;
    const { shownPositions: positions, view, palette, isolated, theme } = this;
    const dim = this.links.length ? 0.4 : 0.92;
    this.renderer.draw({ positions, view, palette, background: theme.rgb, isolated, dim, depth: this.depth });
    this.overlay.draw(now);
    this.moveTooltip();
  }

  // The neighbours that Python found for the picked film, once it has.
  get links() {
    const { n } = this;
    const shown = this.picked !== null && this.picked === this.selected && this.picked < n;
    return shown ? this.neighbours.filter((i) => i < n) : [];
  }

  moveTooltip() {
    if (this.tooltip.hidden || this.hovered === null) return;
    const { x, y } = this.place(this.hovered);
    const { offsetWidth, offsetHeight } = this.tooltip;
    const left = x + 14 + offsetWidth > this.view.width ? x - 14 - offsetWidth : x + 14;
    const top = y + 14 + offsetHeight > this.view.height ? y - 14 - offsetHeight : y + 14;
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

// What browser tests read: a canvas has no elements to ask.
function expose(map) {
  window.__filmMap = {
    owner: map,
    get n() { return map.n; },
    get frames() { return map.frames; },
    get epoch() { return map.frame?.epoch ?? null; },
    get positions() { return map.positions; },
    get fps() { return map.clock.fps; },
    get moving() { return map.clock.before !== null; },
    get picked() { return map.picked; },
    get zoom() { return map.view.zoom; },
    get links() { return map.links; },
    get renderer() { return map.renderer.constructor.kind; },
    screenOf: (i) => map.screenOf(i),
  };
}
