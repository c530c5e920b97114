// The loss curves: Plotly, drawn once and then fed from the shared socket at most five times a second.
// `uirevision` in the layout keeps the reader's zoom from one redraw to the next.
const REDRAW_MS = 200;
const COLOURS = { light: ["#0072b2", "#d0480b"], dark: ["#4f9fe0", "#ff7f50"] };
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

class LossCurves {
  constructor(root) {
    this.root = root.querySelector(".loss-curves");
    this.plot = root.querySelector(".plot");
    this.placeholder = root.querySelector(".placeholder");
    this.note = root.querySelector(".note");
    Object.assign(this, { updates: 0, cost: 0, lastDraw: -Infinity });
    this.observer = new ResizeObserver(() => this.drawn && Plotly.Plots.resize(this.plot));
    this.observer.observe(this.root);
  }

  // Called on each rerun of the script, and when the theme changes.
  update({ data }) {
    this.strings = data.strings;
    this.figure = data.figure;
    this.plot.ariaLabel = data.strings.label;
    this.theme = readTheme(this.root);
    this.follow(data.live_url);
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

  follow(url) {
    if (url === this.liveUrl) return;
    this.unsubscribe?.();
    this.liveUrl = url;
    this.unsubscribe = null;
    this.snapshot = live.blankSnapshot();
    if (!url) return this.renderNote(); // no run yet
    this.unsubscribe = live.subscribe(url, (kind, snapshot) => {
      this.snapshot = snapshot;
      if (kind === "state" || kind === "connection") this.renderNote();
      else if (kind === "curves" || kind === "reset") this.requestRedraw();
    });
  }

  renderNote() {
    const notes = { lost: this.strings.lost, gone: this.strings.gone };
    this.note.textContent = notes[this.snapshot.connection] ?? "";
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

  // The figure's own data until the socket speaks, which knows more.
  get series() {
    const { run, train, validation } = this.snapshot;
    return run === null ? this.figure.data : [train, validation];
  }

  get empty() {
    return this.series.every(({ x }) => x.length === 0);
  }

  traces() {
    const colours = COLOURS[this.theme.dark ? "dark" : "light"];
    return this.series.map(({ x, y }, k) => {
      const trace = this.figure.data[k];
      const mode = x.length === 1 ? "lines+markers" : trace.mode; // a line through one point is invisible
      const line = { ...trace.line, color: colours[k] };
      return { ...trace, x: x.slice(), y: y.slice(), mode, line, marker: { ...trace.marker, color: colours[k] } };
    });
  }

  // An empty plot shows where the curves will grow, not Plotly's -1 to 4.
  emptyRanges() {
    const epochs = this.snapshot.state?.of ?? 10;
    const from = (range) => ({ range, autorange: false });
    return this.empty ? [from([0, epochs]), from([0, 1.5])] : [{ autorange: true }, { autorange: true }];
  }

  layout() {
    const { text, font } = this.theme;
    const grid = this.theme.dark ? "rgba(255,255,255,0.10)" : "rgba(49,51,63,0.10)";
    const { layout } = this.figure;
    const axis = { gridcolor: grid, zeroline: false, linecolor: grid, automargin: true };
    const [rangeX, rangeY] = this.emptyRanges();
    const clear = "rgba(0,0,0,0)";
    return {
      ...layout,
      autosize: true,
      uirevision: `${this.liveUrl} ${this.empty}`, // a zoom is kept while a run grows, and not beyond it
      font: { ...layout.font, color: text, family: font },
      paper_bgcolor: clear,
      plot_bgcolor: clear,
      hoverlabel: { bgcolor: this.theme.background, font: { color: text, family: font } },
      modebar: { bgcolor: clear, color: text, activecolor: text, ...layout.modebar },
      xaxis: { ...axis, ...layout.xaxis, ...rangeX },
      yaxis: { ...axis, ...layout.yaxis, ...rangeY },
    };
  }

  destroy() {
    this.destroyed = true;
    this.unsubscribe?.();
    this.observer.disconnect();
    clearTimeout(this.timer);
    if (this.drawn) Plotly.purge(this.plot);
    if (window.__lossCurves?.owner === this) delete window.__lossCurves;
  }
}

// What browser tests read.
function expose(curves) {
  const lastOf = ({ x, y }) => (x.length ? { epoch: x.at(-1), loss: y.at(-1) } : null);
  window.__lossCurves = {
    owner: curves,
    get train() { return curves.plot.data?.[0].x.length ?? 0; },
    get validation() { return curves.plot.data?.[1].x.length ?? 0; },
    get last() {
      return { train: lastOf(curves.snapshot.train), validation: lastOf(curves.snapshot.validation) };
    },
    get updates() { return curves.updates; },
  };
}

export default mounting(LossCurves, expose);
