// The bar below the map: play, the slider of the epochs, the meter of honesty.
const [SLOWEST_MS, FASTEST_MS, WHOLE_MS] = [450, 80, 9000]; // of a played epoch, and about of all

class TimeBar {
  constructor(root, map) {
    const find = (selector) => root.querySelector(selector);
    Object.assign(this, { root, map, button: find(".play"), slider: find("input"), output: find("output") });
    Object.assign(this, { meter: find("meter"), meterLabel: find("label"), percent: find("b"), timer: null });
    this.exports = root.querySelectorAll("[data-export]");
    this.slider.addEventListener("input", () => {
      this.stop();
      map.seek(Number(this.slider.value));
    });
    this.button.onclick = () => (this.timer ? this.stop() : this.play());
  }

  get playing() {
    return this.timer !== null;
  }

  describe(strings) {
    this.strings = strings;
    this.slider.ariaLabel = this.slider.title = strings.scrub;
    this.meterLabel.textContent = this.meter.ariaLabel = strings.meter;
    this.root.querySelector(".honesty").title = strings.honesty_explained;
    for (const button of this.exports) {
      button.title = strings[button.dataset.export];
      button.ariaLabel = `${button.textContent}: ${button.title}`; // holds what is written on it
    }
    this.showButton();
  }

  showButton() {
    this.button.textContent = this.playing ? "❚❚" : "▶";
    this.button.title = this.button.ariaLabel = this.playing ? this.strings.hold : this.strings.play;
  }

  play() {
    const last = this.map.film.length - 1;
    const first = this.map.at === last ? 0 : this.map.at;
    const step = clamp(WHOLE_MS / (last + 1), FASTEST_MS, SLOWEST_MS);
    const go = (k) => {
      if (k > this.map.film.length - 1) return this.stop();
      this.timer = setTimeout(() => go(k + 1), step);
      this.map.seek(k);
    };
    go(first);
    this.showButton();
  }

  stop() {
    if (!this.playing) return;
    clearTimeout(this.timer);
    this.timer = null;
    this.showButton();
    this.map.settle();
  }

  show(film, at, frame) {
    const last = Math.max(film.length - 1, 0);
    this.slider.max = last;
    this.slider.value = at;
    this.slider.disabled = this.button.disabled = film.length < 2;
    const epoch = frame && Number(frame.epoch.toFixed(1));
    const fetched = film[last]?.epoch;
    const template = fetched >= epoch ? this.strings.epoch_of : this.strings.epoch; // a run at work is ahead of it
    const known = frame ? fill(template, { epoch, last: fetched }) : "";
    this.output.textContent = this.slider.ariaValueText = known;
    const honest = frame && !Number.isNaN(frame.honesty);
    this.meter.value = honest ? frame.honesty : 0;
    this.percent.textContent = honest ? `${Math.round(100 * frame.honesty)} %` : "…";
    for (const button of this.exports) button.disabled = !frame;
  }

  destroy() {
    clearTimeout(this.timer);
  }
}
