// The map with a time machine: all epochs are here, so the slider asks nobody. At rest, the server is told the epoch
// (its lists of neighbours follow), and asked how honest the map is at each film.
const REST_MS = 200;
const WHILE_WORKING_MS = 1500; // between two looks for new epochs
const MANY = 3000; // films
const AWAY = 99; // out of sight

class TimeMap extends FilmMap {
  constructor(root) {
    super(root);
    const bar = root.querySelector(".time");
    this.stage.after(bar);
    this.bar = new TimeBar(bar, this);
    root.querySelector(".bar").append(bar.querySelector(".export"));
    Object.assign(this, { film: [], at: 0, wanted: null, only: null, pins: [], k: 15 });
    root.querySelector("[data-export=png]").onclick = () => exportPicture(this);
    root.querySelector("[data-export=csv]").onclick = () => exportTable(this);
  }

  // --- What Python says ------------------------------------------------------------------------------------

  update(component) {
    const { data } = component;
    this.setStateValue = component.setStateValue;
    const [newRun, newColour] = [data.run !== this.run, data.colour !== this.colour];
    const newFilm = data.film !== this.filmUrls?.film;
    Object.assign(this, { colour: data.colour, pins: data.pins, filmUrls: { film: data.film, honesty: data.honesty } });
    this.only = data.only && new Set(data.only);
    this.bar.describe(data.strings);
    if (newRun) this.forget(data.epoch ?? null);
    super.update(component);
    if (newColour && this.films) this.regroup();
    if (newColour) this.settle();
    if (newRun || newFilm) this.loadFilm();
    this.viewChanged();
  }

  forget(epoch) {
    this.bar.stop();
    Object.assign(this, { film: [], at: 0, wanted: epoch, told: epoch });
  }

  choosePalette() {
    return (this.colour === "genre" ? PALETTE : SCALE)[this.theme.dark ? "dark" : "light"];
  }

  groupFilms(films) {
    return groupByColour(this.colour, films, this.frame?.kept, this.k);
  }

  regroup() {
    this.isolated = null;
    this.genres = this.groupFilms(this.films);
    this.palette = this.choosePalette();
    this.styleFilms();
    this.renderLegend();
  }

  // --- The epochs ------------------------------------------------------------------------------------------

  get working() {
    return ["running", "waiting"].includes(this.snapshot?.state?.state);
  }

  // While it stands at the newest epoch, the map goes on with the run.
  hear(kind, snapshot) {
    const drawnLive = this.wanted === null && !this.bar.playing && this.filmUrls.film.includes("kind=umap");
    this.snapshot = snapshot;
    if (kind === "reset" || (kind === "frame" && !snapshot.frame)) {
      const lost = kind === "reset" && this.film.length > 0; // not one that is still to come, which a link may ask for
      if (lost && this.told !== null) this.setStateValue("epoch", null);
      this.forget(lost ? null : this.wanted);
      this.setFrame(null);
    } else if (kind === "frame" && (drawnLive || !this.frame)) this.setFrame(snapshot.frame);
    this.renderStatus();
    if (kind === "frame" || kind === "state") this.refreshSoon();
  }

  refreshSoon() {
    if (!this.snapshot.frame) return;
    this.refresh ??= setTimeout(() => {
      this.refresh = null;
      this.loadFilm();
    }, this.working ? WHILE_WORKING_MS : 0);
  }

  async loadFilm() {
    const url = this.filmUrls.film;
    if (!this.snapshot?.frame) return; // nothing is learnt yet
    try {
      const film = decodeFilm(await fetchBytes(url), this.strings);
      if (this.destroyed || url !== this.filmUrls.film || this.bar.playing || !film) return;
      this.filmTrouble = null;
      Object.assign(this, { film, loaded: url });
      this.showWanted();
    } catch (error) {
      if (this.destroyed || url !== this.filmUrls.film) return;
      this.filmTrouble = this.frame && error.message;
      this.renderStatus();
    }
  }

  showWanted() {
    this.at = this.wanted === null ? this.film.length - 1 : nearestEpoch(this.film, this.wanted);
    const frame = this.film[this.at];
    const live = this.snapshot?.frame;
    const newer = this.wanted === null && frame.method === live?.method && live.epoch > frame.epoch + 1e-6;
    if (!newer) this.setFrame(frame);
    this.settle();
  }

  // Scrubbed: the map jumps there at once. Played: it goes there smoothly.
  seek(k) {
    this.at = k;
    this.wanted = k === this.film.length - 1 ? null : this.film[k].epoch;
    this.setFrame(this.film[k]);
    if (this.bar.playing) return;
    this.origin = this.target;
    this.positions = this.target.slice();
    this.settle();
  }

  settle() {
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.atRest(), REST_MS);
  }

  atRest() {
    if (this.bar.playing || !this.frame) return;
    if (this.wanted !== this.told) this.setStateValue("epoch", this.wanted);
    this.told = this.wanted;
    if (!this.working || this.wanted !== null) this.loadAllHonesty();
  }

  // First of the map on the screen; where honesty is the colour, of all that may be played.
  async loadAllHonesty() {
    const { film } = this;
    await this.loadHonesty(this.frame);
    if (this.frame.n > MANY) return; // seconds of work for each
    for (const frame of film) {
      if (this.colour !== "honesty" || film !== this.film || this.working || this.destroyed) return;
      await this.loadHonesty(frame);
    }
  }

  async loadHonesty(frame) {
    if (frame.kept || frame.asked || !this.film.includes(frame)) return;
    frame.asked = true;
    try {
      const bytes = new Uint8Array(await fetchBytes(`${this.filmUrls.honesty}&epoch=${frame.epoch}`));
      const k = bytes[0];
      frame.kept = bytes.subarray(1);
      frame.honesty = frame.kept.reduce((sum, kept) => sum + kept, 0) / (k * frame.n);
      this.k = k;
    } catch {
      return; // the meter shows that it does not know; the next rest asks again
    } finally {
      frame.asked = false;
    }
    if (frame !== this.frame) return;
    if (this.colour === "honesty" && this.films) this.regroup();
    this.renderStatus();
  }

  setFrame(frame) {
    const before = this.frame;
    super.setFrame(frame);
    if (frame !== before && this.colour === "honesty" && this.films) this.regroup();
  }

  renderStatus() {
    super.renderStatus();
    if (this.filmTrouble) this.status.textContent = this.filmTrouble;
    this.bar.show(this.film, this.at, this.frame);
  }

  // --- What is shown of it ---------------------------------------------------------------------------------

  isHidden(i) {
    return super.isHidden(i) || (this.only !== null && !this.only.has(i));
  }

  get shownPositions() {
    if (!this.only) return this.positions;
    const shown = this.positions.slice();
    for (let i = 0; i < shown.length / 2; i++) if (!this.only.has(i)) shown[2 * i] = shown[2 * i + 1] = AWAY;
    return shown;
  }

  get marks() {
    return this.pins.flatMap((i, k) => (i === null ? [] : [{ i, letter: "AB"[k] }]));
  }

  fillTooltip(i) {
    super.fillTooltip(i);
    const kept = this.frame?.kept?.[i];
    if (kept === undefined) return;
    const textContent = fill(this.strings.kept, { kept, k: this.k });
    this.tooltip.append(element("span", { className: "kept", textContent }));
  }

  destroy() {
    clearTimeout(this.rest);
    clearTimeout(this.refresh);
    this.destroyed = true;
    this.bar.destroy();
    super.destroy();
  }
}

function exposeTime(map) {
  expose(map);
  const more = {
    epochs: () => map.film.map((frame) => frame.epoch),
    loaded: () => map.loaded,
    at: () => map.at,
    playing: () => map.bar.playing,
    method: () => map.frame?.method,
    honesty: () => map.frame?.honesty,
    kept: () => map.frame?.kept && Array.from(map.frame.kept),
    groups: () => Array.from(map.groupOf ?? []),
    shown: () => Array.from({ length: map.positions.length / 2 }, (_, i) => i).filter((i) => !map.isHidden(i)),
  };
  const getters = Object.entries(more).map(([name, get]) => [name, { get }]);
  Object.defineProperties(window.__filmMap, Object.fromEntries(getters));
}

export default mounting(TimeMap, exposeTime);
