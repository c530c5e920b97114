// The map with a time machine: all epochs are here, so the slider asks nobody. At rest, the server is told the epoch
// (its lists of neighbours follow), and asked how honest the map is at each film.
const REST_MS = 200;
const WHILE_WORKING_MS = 1500; // between two looks for new epochs
const MANY = 3000; // films
const SPACE_MS = 1500; // between two looks at what UMAP has drawn in 3-D

class TimeMap extends LassoMap {
  constructor(root) {
    super(root);
    const bar = root.querySelector(".time");
    this.stage.after(bar);
    this.bar = new TimeBar(bar, this);
    root.querySelector(".bar").append(bar.querySelector(".export"));
    this.search.input.parentElement.after(bar.querySelector(".tools"));
    Object.assign(this, { film: [], at: 0, wanted: null, pins: [], k: 15 });
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
    this.spaceUrl = data.space;
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
    Object.assign(this, { film: [], at: 0, wanted: epoch, told: epoch, inSpace: null });
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
    const byUmap = this.filmUrls.film.endsWith("kind=umap");
    const drawnLive = this.wanted === null && !this.bar.playing && byUmap;
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
      if (film && url === this.loaded) film.forEach((frame) => this.judgedBefore(frame));
      if (this.destroyed || url !== this.filmUrls.film || this.bar.playing || !film) return;
      this.filmTrouble = null;
      Object.assign(this, { film, loaded: url });
      this.showWanted();
      this.drawInSpace(url);
    } catch (error) {
      if (this.destroyed || url !== this.filmUrls.film) return;
      this.filmTrouble = this.frame && error.message;
      this.renderStatus();
    }
  }

  // A map that was here before has the honesty that it had. (UMAP's in 3-D may have another scale, no more.)
  judgedBefore(frame) {
    const before = this.film.find(({ epoch, method }) => epoch === frame.epoch && method === frame.method);
    if (!before?.kept) return;
    const same = () => before.positions.every((x, k) => x === frame.positions[k]);
    const { kept, honesty, flatHonesty } = before;
    if ((frame.dims === 3 && frame.method === "UMAP") || same()) Object.assign(frame, { kept, honesty, flatHonesty });
  }

  // UMAP draws an epoch in 3-D when it is asked to, the newest first; until then PCA has drawn it.
  async drawInSpace(url) {
    const wanted = () => url === this.filmUrls.film && !this.destroyed;
    if (!url.includes("kind=umap&dims=3") || this.drawing || !this.film.some((frame) => frame.method === "PCA")) return;
    this.drawing = true;
    const start = performance.now();
    try {
      do {
        const told = JSON.parse(new TextDecoder().decode(await fetchBytes(this.spaceUrl, { method: "POST" })));
        this.inSpace = told.drawn < told.of ? told : null;
        this.renderStatus();
      } while (this.inSpace && wanted() && !this.working && performance.now() - start < SPACE_MS);
    } catch (error) {
      this.filmTrouble = error.message;
      this.renderStatus();
      return;
    } finally {
      this.drawing = false;
    }
    if (wanted() && !this.working) this.loadFilm(); // a run at work is looked at again anyway
  }

  showWanted() {
    this.at = this.wanted === null ? this.film.length - 1 : nearestEpoch(this.film, this.wanted);
    const frame = this.film[this.at];
    const live = this.snapshot?.frame;
    const newer = this.wanted === null && frame.dims === 2 && frame.method === live?.method && live.epoch > frame.epoch + 1e-6;
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
    this.viewChanged();
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
    if (this.loaded) this.drawInSpace(this.loaded);
  }

  // First of the map on the screen; where honesty is the colour, of all that may be played.
  async loadAllHonesty() {
    const { film } = this;
    await this.loadHonesty(this.frame);
    if (this.deep) await this.loadFlatHonesty(this.frame);
    if (!this.frame || this.frame.n > MANY) return; // seconds of work for each
    for (const frame of film) {
      if (this.colour !== "honesty" || film !== this.film || this.working || this.destroyed) return;
      await this.loadHonesty(frame);
    }
  }

  // Of each film of the map of this address and epoch: { kept: true neighbours, k: of how many, share: in all }.
  async fetchHonesty(url, epoch) {
    const bytes = new Uint8Array(await fetchBytes(`${url}&epoch=${epoch}`));
    const [k, kept] = [bytes[0], bytes.subarray(1)];
    return { k, kept, share: kept.reduce((sum, each) => sum + each, 0) / (k * kept.length) };
  }

  async loadHonesty(frame) {
    if (frame.kept || frame.asked || !this.film.includes(frame)) return;
    frame.asked = true;
    try {
      const { k, kept, share } = await this.fetchHonesty(this.filmUrls.honesty, frame.epoch);
      Object.assign(frame, { kept, honesty: share });
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

  // The same epoch's map in 2-D, to compare with.
  async loadFlatHonesty(frame) {
    if (frame.flatHonesty !== undefined) return;
    try {
      const url = this.filmUrls.honesty.replace("&dims=3", "");
      frame.flatHonesty = (await this.fetchHonesty(url, frame.epoch)).share;
    } catch {
      return;
    }
    if (frame === this.frame) this.renderStatus();
  }

  facts() {
    const facts = super.facts();
    if (this.inSpace && this.deep) facts.push(fill(this.strings.drawing, this.inSpace));
    return facts;
  }

  setFrame(frame) {
    const before = this.frame;
    super.setFrame(frame);
    if (frame !== before && this.colour === "honesty" && this.films) this.regroup();
  }

  renderStatus() {
    super.renderStatus();
    if (this.filmTrouble ?? this.loopTrouble) this.status.textContent = this.filmTrouble ?? this.loopTrouble;
    this.bar.show(this.film, this.at, this.frame);
  }

  startLoop() {
    this.bar.stop();
    super.startLoop();
  }

  // --- What is shown of it ---------------------------------------------------------------------------------

  get marks() {
    return this.pins.flatMap((i, k) => (i === null || this.isOut(i) ? [] : [{ i, letter: "AB"[k] }]));
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
    dims: () => map.frame?.dims,
    flat: () => map.flat,
    camera: () => ({ yaw: map.space.yaw, pitch: map.space.pitch, turning: map.turning }),
    shown: () => Array.from({ length: map.n }, (_, i) => i).filter((i) => !map.isHidden(i)),
  };
  const getters = Object.entries(more).map(([name, get]) => [name, { get }]);
  Object.defineProperties(window.__filmMap, Object.fromEntries(getters));
}

export default mounting(TimeMap, exposeTime);
