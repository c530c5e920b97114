// Films to rate: for each its title, five stars as radio buttons, and a button that forgets the rating. A press shows
// at once; what the script then sends is the same. Titles are text, never HTML.

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

class StarRow {
  constructor(film, strings, say) {
    Object.assign(this, { film, strings, say });
    this.row = element("li", "", "", null);
    const words = element("span", "words", "", this.row);
    element("span", "title", film.title, words);
    if (film.detail) element("span", "detail", film.detail, words);
    const group = element("fieldset", "stars", "", this.row);
    group.setAttribute("role", "radiogroup");
    group.ariaLabel = fill(strings.rate, { title: film.title });
    this.labels = [1, 2, 3, 4, 5].map((stars) => this.star(stars, group));
    this.button = element("button", "", "×", this.row);
    this.button.type = "button";
    this.button.title = this.button.ariaLabel = fill(strings.forget, { title: film.title });
    this.button.addEventListener("click", () => this.set(0));
    this.show(film.stars);
  }

  star(stars, group) {
    const label = element("label", "", "", group);
    label.title = fill(this.strings.stars, { stars });
    const input = element("input", "", "", label);
    Object.assign(input, { type: "radio", name: `film-${this.film.item_index}`, value: stars });
    input.ariaLabel = label.title;
    input.addEventListener("change", () => this.set(stars));
    return label;
  }

  set(stars) {
    this.show(stars);
    this.say("rated", { item_index: this.film.item_index, stars });
  }

  show(stars) {
    this.labels.forEach((label, k) => {
      label.classList.toggle("on", k < stars);
      label.firstChild.checked = k + 1 === stars;
    });
    this.button.disabled = !stars;
  }
}

const rowsOf = new WeakMap();

export default latest(({ parentElement, data, setTriggerValue }) => {
  const root = parentElement.querySelector(".star-list");
  const said = JSON.stringify([data.films.map(({ item_index, title, detail }) => [item_index, title, detail]), data.strings]);
  if (root.dataset.said !== said) { // else the same films, perhaps with other stars: the keyboard keeps its place
    root.dataset.said = said;
    rowsOf.set(root, data.films.map((film) => new StarRow(film, data.strings, setTriggerValue)));
    const list = root.querySelector("ul");
    list.ariaLabel = data.strings.label;
    list.replaceChildren(...rowsOf.get(root).map(({ row }) => row));
  }
  rowsOf.get(root).forEach((row, k) => {
    row.say = setTriggerValue;
    row.show(data.films[k].stars);
  });
});
