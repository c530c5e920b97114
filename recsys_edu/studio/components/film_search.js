// The search box: an ARIA combobox over the titles. It reaches every film without a mouse.
const MOST_MATCHES = 8;

function plain(text) {
  return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
}

function titleOf({ title, year }, i) {
  return year[i] && !title[i].includes(String(year[i])) ? `${title[i]} (${year[i]})` : title[i];
}

// Titles that start with the words come first, then those with a word that does, then the rest; among
// equals, the film with more ratings.
function findTitles(plainTitles, counts, query) {
  const words = plain(query.trim());
  if (!words) return [];
  const found = [];
  plainTitles.forEach((title, i) => {
    const at = title.indexOf(words);
    if (at >= 0) found.push({ i, tier: at === 0 ? 0 : title.includes(` ${words}`) ? 1 : 2 });
  });
  found.sort((a, b) => a.tier - b.tier || counts[b.i] - counts[a.i]);
  return found.slice(0, MOST_MATCHES).map((match) => match.i);
}

class FilmSearch {
  constructor(input, list, onPick) {
    Object.assign(this, { input, list, onPick, matches: [], active: 0, films: null });
    input.addEventListener("input", () => this.search());
    input.addEventListener("keydown", (event) => this.onKey(event));
    input.addEventListener("blur", () => this.close());
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // keeps the focus in the input, whose blur would close the list
      const option = event.target.closest("li[data-index]");
      if (option) this.pick(Number(option.dataset.index));
    });
  }

  setFilms(films) {
    this.films = films;
    this.plainTitles = films.title.map(plain);
  }

  search() {
    if (!this.films) return;
    this.matches = findTitles(this.plainTitles, this.films.count, this.input.value);
    this.active = 0;
    this.render();
  }

  render() {
    const options = this.matches.map((i, row) => {
      const option = document.createElement("li");
      option.id = `film-match-${row}`;
      option.role = "option";
      option.dataset.index = i;
      option.ariaSelected = String(row === this.active);
      option.textContent = titleOf(this.films, i);
      return option;
    });
    if (!options.length && this.input.value.trim()) {
      const nothing = document.createElement("li");
      nothing.className = "nothing";
      nothing.textContent = this.nothingFound;
      options.push(nothing);
    }
    this.list.replaceChildren(...options);
    this.show(options.length > 0);
  }

  show(open) {
    this.list.hidden = !open;
    this.input.ariaExpanded = String(open);
    if (open && this.matches.length) {
      this.input.setAttribute("aria-activedescendant", `film-match-${this.active}`);
    } else this.input.removeAttribute("aria-activedescendant");
  }

  close() {
    this.matches = [];
    this.show(false);
  }

  onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.matches.length) {
      this.active = (this.active + step + this.matches.length) % this.matches.length;
      this.render();
    } else if (event.key === "Enter" && this.matches.length) this.pick(this.matches[this.active]);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
  }

  pick(i) {
    this.input.value = this.films.title[i];
    this.close();
    this.onPick(i);
  }
}
