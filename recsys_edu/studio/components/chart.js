// Plotly, drawn once and then fed from the shared sockets at most five times a second, or by reruns alone where there
// is no socket. `uirevision` in the layout keeps the reader's zoom from one redraw to the next.
// A trace says by `meta.colour` which colour of the palette it has; the theme is the browser's.
const REDRAW_MS = 200;
const CONFIG = { displaylogo: false, displayModeBar: "hover", modeBarButtons: [["resetScale2d"]] };

function loadPlotly(url) {
  window.__recsysEduPlotly ??= new Promise((resolve, reject) => {
    if (window.Plotly) return resolve();
    const script = document.createElement("script");
    script.src = live.resolve(url);
    script.onload = () => resolve();
    script.onerror = () => {
      script.remove();
      window.__recsysEduPlotly = null; // the next rerun tries again
      reject(new Error(url));
    };
    document.head.append(script);
  });
  return window.__recsysEduPlotly;
}

class Chart {
  constructor(root) {
    this.root = root.querySelector(".chart");
    this.plot = root.querySelector(".plot");
    this.placeholder = root.querySelector(".placeholder");
    this.note = root.querySelector(".note");
    Object.assign(this, { updates: 0, cost: 0, lastDraw: -Infinity, snapshots: [], unsubscribers: [] });
    this.observer = new ResizeObserver(() => this.drawn && Plotly.Plots.resize(this.plot));
    this.observer.observe(this.root);
  }

  // Called on each rerun of the script, and when the theme changes.
  update({ data }) {
    this.data = data;
    this.strings = data.strings;
    this.figure = data.figure;
    this.plot.ariaLabel = data.strings.label;
    this.root.style.setProperty("--height", `${data.figure.layout.height}px`);
    this.theme = readTheme(this.root);
    this.follow(data.live_urls);
    this.renderNote();
    // Plotly is 5 MB: it waits until the page's own controls are there.
    if (window.Plotly || !window.requestIdleCallback) this.startPlotly(data.plotly_url);
    else requestIdleCallback(() => this.startPlotly(data.plotly_url), { timeout: 1000 });
  }

  async startPlotly(url) {
    if (!window.Plotly) this.placeholder.textContent = this.strings.loading;
    try {
      await loadPlotly(url);
      if (this.destroyed) return;
      this.placeholder.hidden = true;
      if (!this.drawn && this.empty) this.rehearse();
      this.redraw();
    } catch {
      this.placeholder.textContent = this.strings.no_plotly;
    }
  }

  // Plotly's first line costs some 100 ms of compiling. Paid here, while nobody waits for a point: both
  // drawings happen before the browser paints.
  rehearse() {
    const traces = this.traces().map((trace) => ({ ...trace, x: [0, 1], y: [1, 1], mode: "lines+markers" }));
    Plotly.react(this.plot, traces, this.layout(), CONFIG);
  }

  follow(urls) {
    const all = urls.join(" ");
    if (all === this.followed) return;
    this.unsubscribe();
    this.followed = all;
    this.snapshots = urls.map(() => live.blankSnapshot());
    this.unsubscribers = urls.map((url, k) =>
      live.subscribe(url, (kind, snapshot) => {
        this.snapshots[k] = snapshot;
        if (kind === "state" || kind === "connection") this.renderNote();
        else if (kind === "curves" || kind === "reset") this.requestRedraw();
      })
    );
  }

  unsubscribe() {
    for (const unsubscribe of this.unsubscribers) unsubscribe();
  }

  renderNote() {
    const notes = { lost: this.strings.lost, gone: this.strings.gone };
    this.note.textContent = this.snapshots.map(({ connection }) => notes[connection]).find(Boolean) ?? "";
  }

  // At once when the last drawing is long enough ago, else when it will be. A slow machine waits longer.
  requestRedraw() {
    if (!window.Plotly || this.timer) return;
    const pause = Math.max(REDRAW_MS, 3 * this.cost);
    const wait = Math.max(0, this.lastDraw + pause - performance.now());
    this.timer = setTimeout(() => this.redraw(), wait);
  }

  redraw() {
    clearTimeout(this.timer);
    this.timer = null;
    if (this.destroyed || !window.Plotly) return;
    const start = performance.now();
    Plotly.react(this.plot, this.traces(), this.layout(), CONFIG); // the first call makes the plot
    this.drawn = true;
    if (!this.empty) Object.assign(this, { lastDraw: start, cost: performance.now() - start }); // else: no wait
    this.updates += 1;
  }

  // The figure's own data; a live chart has more of its own.
  get series() {
    return this.figure.data;
  }

  get empty() {
    return this.series.every(({ x }) => x.length === 0);
  }

  traces() {
    const palette = PALETTE[this.theme.dark ? "dark" : "light"];
    return this.series.map(({ x, y }, k) => {
      const trace = this.figure.data[k];
      const color = palette[trace.meta.colour % palette.length];
      // A line through one point is invisible.
      const mode = x.length === 1 && trace.mode === "lines" ? "lines+markers" : trace.mode;
      const own = { line: { ...trace.line, color }, marker: { ...trace.marker, color } };
      return { ...trace, ...own, x: x.slice(), y: y.slice(), mode };
    });
  }

  // An empty plot, or panel, shows where the curves will grow, not Plotly's -1 to 4.
  emptyRanges() {
    return [];
  }

  emptyPanel(axis) {
    const own = this.series.filter((_, k) => (this.figure.data[k].yaxis ?? "y") === axis);
    return own.every(({ x }) => x.length === 0);
  }

  layout() {
    const { text, font } = this.theme;
    const grid = this.theme.dark ? "rgba(255,255,255,0.10)" : "rgba(49,51,63,0.10)";
    const { layout } = this.figure;
    const axis = { gridcolor: grid, zeroline: false, linecolor: grid, automargin: true };
    const empty = [this.empty, this.emptyPanel("y"), this.emptyPanel("y2")]; // x, y, y2
    const ranges = this.emptyRanges().map((range, k) => (empty[k] ? range : undefined));
    const scale = (own, range) => ({ ...axis, ...own, ...(range ? { range, autorange: false } : {}) });
    const clear = "rgba(0,0,0,0)";
    return {
      ...layout,
      autosize: true,
      uirevision: `${this.followed} ${this.data.metric} ${empty}`, // a zoom is kept while runs grow, not beyond
      font: { ...layout.font, color: text, family: font },
      paper_bgcolor: clear,
      plot_bgcolor: clear,
      hoverlabel: { bgcolor: this.theme.background, font: { color: text, family: font } },
      modebar: { bgcolor: clear, color: text, activecolor: text, ...layout.modebar },
      xaxis: scale(layout.xaxis, ranges[0]),
      yaxis: scale(layout.yaxis, ranges[1]),
      ...(layout.yaxis2 ? { yaxis2: scale(layout.yaxis2, ranges[2]) } : {}),
    };
  }

  destroy() {
    this.destroyed = true;
    this.unsubscribe();
    this.observer.disconnect();
    clearTimeout(this.timer);
    if (this.drawn) Plotly.purge(this.plot);
  }
}
