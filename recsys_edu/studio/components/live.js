// One WebSocket per live_url, shared by every component on the page and kept across their remounts.
// A connection keeps what it has heard (curves, last map frame, state), so that a late or remounted
// component starts from the present and not from nothing.
window.__recsysEduLive ??= (() => {
  const MAGIC = 0x50414d46; // "FMAP"
  const HEADER_BYTES = 20;
  const GONE = 4404;
  const GRACE_MS = 3000; // a rerun that moves a component unmounts it and mounts it again
  const LONGEST_WAIT_MS = 8000;
  const appBase = findAppBase();
  const connections = new Map();
  const jsonCache = new Map();

  // A path with a leading slash starts at the server's root; one without starts where the app is served,
  // be it under server.baseUrlPath or behind a proxy's prefix.
  function findAppBase() {
    const script = document.querySelector('script[src*="static/js/"]');
    return script ? script.src.split("static/js/")[0] : new URL("/", location.href).href;
  }

  function resolve(path) {
    return new URL(path, appBase).href;
  }

  function blankSnapshot() {
    return {
      connection: "connecting",
      run: null,
      state: null,
      train: { x: [], y: [] },
      validation: { x: [], y: [] },
      recall: { x: [], y: [] },
      ends: [], // of a lane of a race: { seconds, mse, ndcg } at each judgement
      frame: null,
    };
  }

  function decodeFrame(buffer) {
    const view = new DataView(buffer);
    if (buffer.byteLength < HEADER_BYTES || view.getUint32(0, true) !== MAGIC) return null;
    const n = view.getUint32(4, true);
    if (buffer.byteLength < HEADER_BYTES + 4 * n) return null;
    return {
      n,
      epoch: view.getFloat32(8, true),
      method: view.getUint32(12, true) === 1 ? "UMAP" : "PCA",
      honesty: view.getFloat32(16, true),
      positions: new Int16Array(buffer, HEADER_BYTES, 2 * n),
    };
  }

  function append(series, x, y) {
    for (let i = 0; i < x.length; i++) {
      series.x.push(x[i]);
      series.y.push(y[i]);
    }
  }

  // Recall@10 of the epochs whose lists were judged.
  function appendRecall(series, x, values = []) {
    const known = x.map((_, i) => i).filter((i) => (values[i] ?? null) !== null);
    append(series, known.map((i) => x[i]), known.map((i) => values[i]));
  }

  function appendEnds(ends, { seconds = [], validation, ndcg }) {
    for (let i = 0; i < seconds.length; i++) ends.push({ seconds: seconds[i], mse: validation[i], ndcg: ndcg[i] });
  }

  class Connection {
    constructor(url) {
      this.url = url;
      this.listeners = new Set();
      this.snapshot = blankSnapshot();
      this.attempt = 0;
      this.open();
    }

    open() {
      const socket = new WebSocket(resolve(this.url).replace(/^http/, "ws"));
      socket.binaryType = "arraybuffer";
      socket.onmessage = (event) => this.hear(event.data);
      socket.onclose = (event) => this.onClose(event.code);
      this.socket = socket;
    }

    onClose(code) {
      this.socket = null;
      if (code === GONE) return this.setConnection("gone");
      this.setConnection("lost");
      // Jitter keeps a class of forty browsers from knocking at a restarted server all at once.
      const wait = Math.min(250 * 2 ** this.attempt, LONGEST_WAIT_MS) * (0.7 + 0.6 * Math.random());
      this.attempt += 1;
      this.retry = setTimeout(() => this.open(), wait);
    }

    setConnection(connection) {
      this.snapshot.connection = connection;
      this.tell("connection");
    }

    tell(kind) {
      for (const listener of this.listeners) listener(kind, this.snapshot);
    }

    hear(message) {
      if (typeof message === "string") return this.hearText(JSON.parse(message));
      const frame = decodeFrame(message);
      if (!frame) return;
      this.snapshot.frame = frame;
      this.tell("frame");
    }

    hearText(message) {
      const { train, validation, recall } = this.snapshot;
      if (message.type === "hello") this.hello(message);
      else if (message.type === "reset") this.clear(message);
      else if (message.type === "state") {
        this.snapshot.state = message;
        this.tell("state");
      } else if (message.type === "points") {
        append(train, message.epoch, message.train);
        this.tell("curves");
      } else if (message.type === "validation") {
        append(validation, message.epoch, message.validation);
        appendRecall(recall, message.epoch, message.recall);
        appendEnds(this.snapshot.ends, message);
        this.tell("curves");
      }
    }

    hello({ run, state, history, frames }) {
      const kept = run === this.snapshot.run && frames > 0 ? this.snapshot.frame : null;
      this.attempt = 0;
      this.snapshot = { ...blankSnapshot(), connection: "open", run, state: { state }, frame: kept };
      append(this.snapshot.train, history.epoch ?? [], history.train);
      append(this.snapshot.validation, history.validation_epoch, history.validation);
      appendRecall(this.snapshot.recall, history.validation_epoch, history.recall);
      appendEnds(this.snapshot.ends, history);
      for (const kind of ["connection", "state", "curves", kept ? "frame" : "reset"]) this.tell(kind);
    }

    clear() {
      const { connection, run, state } = this.snapshot;
      this.snapshot = { ...blankSnapshot(), connection, run, state };
      this.tell("reset");
    }

    close() {
      clearTimeout(this.retry);
      if (this.socket) {
        this.socket.onclose = null;
        this.socket.close();
      }
      connections.delete(this.url);
    }
  }

  // listener(kind, snapshot): kind is connection, state, curves, frame or reset. Returns the unsubscriber.
  function subscribe(url, listener) {
    if (!connections.has(url)) connections.set(url, new Connection(url));
    const connection = connections.get(url);
    clearTimeout(connection.farewell);
    connection.listeners.add(listener);
    for (const kind of ["connection", "state", "curves", "frame"]) listener(kind, connection.snapshot);
    return () => {
      connection.listeners.delete(listener);
      if (connection.listeners.size) return;
      clearTimeout(connection.farewell);
      connection.farewell = setTimeout(() => connection.close(), GRACE_MS);
    };
  }

  // A cacheable JSON document, fetched once a page; a failed fetch may be tried again.
  function fetchJson(url) {
    if (!jsonCache.has(url)) {
      const answer = fetch(resolve(url)).then((response) => {
        if (!response.ok) throw new Error(`${url}: ${response.status}`);
        return response.json();
      });
      answer.catch(() => jsonCache.delete(url));
      jsonCache.set(url, answer);
    }
    return jsonCache.get(url);
  }

  return { subscribe, blankSnapshot, fetchJson, resolve, connections };
})();

const live = window.__recsysEduLive;

// "epoch {epoch}" with {epoch: "3.2"} -> "epoch 3.2". Sentences come from Python, where they are translated.
function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

// Streamlit hands its theme over as CSS variables.
function readTheme(element) {
  const style = getComputedStyle(element);
  const read = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
  const background = read("--st-background-color", "#ffffff");
  const rgb = rgbOf(background);
  return {
    background,
    rgb,
    dark: 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2] < 0.4,
    text: read("--st-text-color", "#31333f"),
    primary: read("--st-primary-color", "#d6336c"),
    font: read("--st-font", "sans-serif"),
  };
}

// Any CSS colour as [red, green, blue] in 0..1.
function rgbOf(colour) {
  const context = document.createElement("canvas").getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((value) => value / 255);
}
