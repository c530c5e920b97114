// The guide of the tour: a ring around what a step speaks of, the card moved out of its way, the keyboard put on the
// card at each new step, and what the card says read aloud. It also does by hand what a step asks for.
const MARGIN = 6;
const LOOK_MS = 250; // between two looks for what is not on the page yet
const MOST_LOOKS = 60;
const PHONE = 640;

// "outer >>> inner": inner within a component, which may have a shadow root.
function findOnPage(selector) {
  if (!selector) return null;
  const [outer, inner] = selector.split(" >>> ");
  for (const place of document.querySelectorAll(outer)) {
    if (!inner) return place;
    const roots = [place, ...[...place.querySelectorAll("*")].map((node) => node.shadowRoot).filter(Boolean)];
    for (const root of roots) {
      const found = root.querySelector(inner);
      if (found) return found;
    }
  }
  return null;
}

function isInSight(rect) {
  return rect.width > 0 && rect.height > 0 && rect.right > 0 && rect.left < innerWidth;
}

class TourGuide {
  constructor(place) {
    this.root = place.querySelector(".tour-guide");
    this.spoken = this.root.querySelector(".spoken");
    this.note = this.root.querySelector(".hidden-note");
    this.ring = document.createElement("div");
    this.ring.className = "tour-ring";
    this.ring.hidden = true;
    document.body.append(this.ring);
    this.onKey = (event) => this.key(event);
    document.addEventListener("keydown", this.onKey);
    this.follow();
  }

  get card() {
    return document.querySelector(".st-key-tour_card");
  }

  update({ data }) {
    this.data = data;
    const theme = readTheme(this.root);
    document.documentElement.style.setProperty("--tour-background", theme.background);
    document.documentElement.style.setProperty("--tour-colour", theme.primary);
    const said = `${data.title}. ${data.text} ${data.said}`.replace(/:material\/\w+: |\*\*/g, "");
    this.note.textContent = data.strings.hidden;
    if (this.spoken.textContent !== said) this.spoken.textContent = said;
    if (window.__tour?.step !== data.number) this.begin();
    if (data.hand && window.__tour.hand !== data.hand_number) this.doByHand();
  }

  begin() {
    window.__tour = { step: this.data.number, hand: window.__tour?.hand };
    this.scrolled = false;
    this.card.tabIndex = -1;
    this.card.setAttribute("role", "region");
    this.card.ariaLabel = this.data.strings.card;
    this.card.focus({ preventScroll: true });
  }

  async doByHand() {
    const { selector, value } = this.data.hand;
    window.__tour.hand = this.data.hand_number;
    for (let look = 0; look < MOST_LOOKS; look++) {
      const control = findOnPage(selector);
      if (control && !control.disabled) {
        if (value === undefined) return control.click();
        control.value = value;
        control.dispatchEvent(new Event("input", { bubbles: true }));
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  key(event) {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    const elsewhere = event.target.closest?.("input, textarea, [role=listbox], [role=dialog], [data-baseweb=popover]");
    if (elsewhere && !this.card.contains(elsewhere)) return; // it closes a menu
    document.querySelector(this.data.leave)?.click();
  }

  // The ring goes with the page; the card gives way to it.
  follow() {
    this.frame = requestAnimationFrame(() => this.follow());
    const target = this.data && findOnPage(this.data.ring);
    const rect = target?.getBoundingClientRect();
    this.ring.hidden = !rect || !isInSight(rect);
    this.note.hidden = !(this.data?.ring && this.ring.hidden && innerWidth < PHONE);
    if (this.ring.hidden) return;
    if (!this.scrolled) {
      this.scrolled = true;
      this.show(target);
    }
    const css = { left: rect.left - MARGIN, top: rect.top - MARGIN, width: rect.width + 2 * MARGIN, height: rect.height + 2 * MARGIN };
    for (const [name, value] of Object.entries(css)) this.ring.style[name] = `${value}px`;
    if (innerWidth >= PHONE) this.giveWay(rect);
  }

  show(target) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    target.style.scrollMarginTop = "5rem";
    target.scrollIntoView({ block: innerWidth < PHONE ? "start" : "nearest", behavior: still ? "auto" : "smooth" });
  }

  // Of the four corners the first that is free; the lower right one otherwise.
  giveWay(rect) {
    const { width, height } = this.card.getBoundingClientRect();
    const side = document.querySelector("[data-testid=stSidebar]")?.getBoundingClientRect().right ?? 0;
    const left = Math.max(side, 0) + 16;
    const [right, top, bottom] = [innerWidth - width - 16, 64, innerHeight - height - 16];
    const free = ([x, y]) =>
      x > rect.right + 12 || x + width < rect.left - 12 || y > rect.bottom + 12 || y + height < rect.top - 12;
    const [x, y] = [[right, bottom], [right, top], [left, bottom], [left, top]].find(free) ?? [right, bottom];
    Object.assign(this.card.style, { left: `${x}px`, top: y === top ? `${top}px` : "auto", right: "auto", bottom: y === top ? "auto" : "16px" });
  }

  destroy() {
    cancelAnimationFrame(this.frame);
    document.removeEventListener("keydown", this.onKey);
    this.ring.remove();
    setTimeout(() => {
      if (this.card) return; // it was drawn anew
      delete window.__tour;
      document.querySelector(".st-key-tour_start button")?.focus();
    }, 300);
  }
}

export default mounting(TourGuide, () => {});
