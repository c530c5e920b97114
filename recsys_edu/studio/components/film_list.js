// A list of films: title, year and genres, a number with a bar, and a note. Titles are text, never HTML.

function rowOf(film, pick) {
  const row = document.createElement("li");
  const button = element("button", "", "", row);
  button.type = "button";
  button.addEventListener("click", () => pick(film.item_index));
  const words = element("span", "words", "", button);
  element("span", "title", film.title, words);
  element("span", "detail", film.detail, words);
  const value = element("span", "value", "", button);
  element("span", "number", film.number, value);
  element("span", "bar", "", value).style.setProperty("--share", `${Math.round(100 * film.share)}%`);
  if (film.note) element("span", "note", film.note, value);
  return row;
}

export default latest(({ parentElement, data, setTriggerValue }) => {
  const root = parentElement.querySelector(".film-list");
  const said = JSON.stringify(data);
  if (root.dataset.said === said) return; // a rerun that changes nothing keeps the keyboard's place
  root.dataset.said = said;
  const list = root.querySelector("ol");
  list.setAttribute("aria-label", data.label);
  list.replaceChildren(...data.films.map((film) => rowOf(film, (i) => setTriggerValue("picked", i))));
  root.querySelector("p").textContent = data.films.length ? "" : data.empty;
});
