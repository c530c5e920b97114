// A list of films: title, year and genres, a number with a bar, and a note. Titles are text, never HTML.

function rowOf(film, pick) {
  const row = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  const title = document.createElement("span");
  title.className = "title";
  title.textContent = film.title;
  const detail = document.createElement("span");
  detail.className = "detail";
  detail.textContent = film.detail;
  const words = document.createElement("span");
  words.className = "words";
  words.append(title, detail);
  const number = document.createElement("span");
  number.className = "number";
  number.textContent = film.number;
  const bar = document.createElement("span");
  bar.className = "bar";
  bar.style.setProperty("--share", `${Math.round(100 * film.share)}%`);
  const value = document.createElement("span");
  value.className = "value";
  value.append(number, bar);
  if (film.note) {
    const note = document.createElement("span");
    note.className = "note";
    note.textContent = film.note;
    value.append(note);
  }
  button.append(words, value);
  button.addEventListener("click", () => pick(film.item_index));
  row.append(button);
  return row;
}

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".film-list");
  const said = JSON.stringify(data);
  if (root.dataset.said === said) return; // a rerun that changes nothing keeps the keyboard's place
  root.dataset.said = said;
  const list = root.querySelector("ol");
  list.setAttribute("aria-label", data.label);
  list.replaceChildren(...data.films.map((film) => rowOf(film, (i) => setTriggerValue("picked", i))));
  root.querySelector("p").textContent = data.films.length ? "" : data.empty;
}
