// A table of texts: a leaderboard, a list of people. All that comes from outside is text, never HTML.

const isNumber = (text) => /^[-−+]?[\d.,:]+$/.test(text);

function rowOf({ cells, mine, faint }, head) {
  const row = document.createElement("tr");
  row.className = mine ? "mine" : faint ? "faint" : "";
  cells.forEach((text, place) => {
    const cell = element(place === head ? "th" : "td", isNumber(text) ? "number" : "", text, row);
    if (place === head) cell.scope = "row";
  });
  return row;
}

export default latest(({ parentElement, data }) => {
  const root = parentElement.querySelector(".class-table");
  const said = JSON.stringify(data);
  if (root.dataset.said === said) return; // a rerun that changes nothing touches nothing
  root.dataset.said = said;
  const { columns, rows, label, empty } = data;
  const head = rows.length && isNumber(rows[0].cells[0]) ? 1 : 0; // after the rank comes the name
  const names = document.createElement("tr");
  columns.forEach((name, place) => {
    const numeric = rows.length > 0 && isNumber(rows[0].cells[place]);
    element("th", numeric ? "number" : "", name, names).scope = "col";
  });
  const table = root.querySelector("table");
  table.setAttribute("aria-label", label);
  table.hidden = rows.length === 0;
  root.querySelector("thead").replaceChildren(names);
  root.querySelector("tbody").replaceChildren(...rows.map((row) => rowOf(row, head)));
  root.querySelector("p").textContent = rows.length ? "" : empty;
});
