// A table of runs: for each a mark in its colour, its name, its figures, the best of a column with a star. Where they
// can be chosen, a box to tick and a button to delete, pressed twice. All that comes from outside is text, never HTML.

// The dash and the marker that the run has in the charts.
function swatch(mark, colour) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 36 12");
  svg.setAttribute("class", "swatch");
  svg.setAttribute("aria-hidden", "true");
  const draw = (kind, attributes) => {
    const part = document.createElementNS(svg.namespaceURI, kind);
    for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
    svg.append(part);
  };
  const dash = { solid: "", dash: "6 3", dot: "2 2", dashdot: "6 2 2 2" }[mark.dash];
  draw("line", { x1: 1, y1: 6, x2: 35, y2: 6, stroke: colour, "stroke-width": 2, "stroke-dasharray": dash });
  if (mark.symbol === "circle") draw("circle", { cx: 18, cy: 6, r: 4, fill: colour });
  const corners = { square: "14,2 22,2 22,10 14,10", diamond: "18,1 23,6 18,11 13,6", "triangle-up": "18,1 23,10 13,10" };
  if (corners[mark.symbol]) draw("polygon", { points: corners[mark.symbol], fill: colour });
  return svg;
}

function headOf({ columns, strings, choosable }) {
  const row = document.createElement("tr");
  element("th", "name", strings.model, row).scope = "col";
  for (const { label, help } of columns) {
    const cell = element("th", "", label, row);
    cell.scope = "col";
    cell.title = help;
  }
  if (choosable) element("td", "", "", row);
  return row;
}

function nameOf(run, palette, data, say) {
  const cell = element("th", "name", "", null);
  cell.scope = "row";
  const label = element(data.choosable ? "label" : "span", "who", "", cell);
  if (data.choosable) {
    const box = element("input", "", "", label);
    box.type = "checkbox";
    box.checked = run.chosen;
    box.addEventListener("change", () => say("toggled", run.id));
  }
  if (run.mark) label.append(swatch(run.mark, palette[run.mark.colour % palette.length]));
  element("span", "title", run.title, label);
  element("span", "detail", run.detail, cell);
  return cell;
}

// The first press asks, the second deletes; leaving the button takes the first one back.
function deleteButton(run, strings, say) {
  const button = element("button", "delete", strings.delete, null);
  button.type = "button";
  button.setAttribute("aria-label", `${strings.delete}: ${run.title}`);
  let asked = false;
  button.addEventListener("click", () => {
    if (asked) return say("deleted", run.id);
    asked = true;
    button.textContent = strings.sure;
  });
  button.addEventListener("blur", () => {
    asked = false;
    button.textContent = strings.delete;
  });
  return button;
}

function rowOf(run, palette, data, say) {
  const row = document.createElement("tr");
  row.append(nameOf(run, palette, data, say));
  for (const { text, best } of run.cells) {
    const cell = element("td", best ? "best" : "", text, row);
    if (best) cell.title = data.strings.best;
  }
  if (data.choosable) element("td", "", "", row).append(deleteButton(run, data.strings, say));
  return row;
}

export default latest(({ parentElement, data, setTriggerValue }) => {
  const root = parentElement.querySelector(".run-table");
  const { dark } = readTheme(root);
  const said = JSON.stringify([data, dark]);
  if (root.dataset.said === said) return; // a rerun that changes nothing keeps the keyboard's place
  root.dataset.said = said;
  const palette = PALETTE[dark ? "dark" : "light"];
  root.querySelector("table").ariaLabel = data.strings.label;
  root.querySelector("table").hidden = !data.runs.length;
  root.querySelector("thead").replaceChildren(headOf(data));
  root.querySelector("tbody").replaceChildren(...data.runs.map((run) => rowOf(run, palette, data, setTriggerValue)));
  root.querySelector("p").textContent = data.runs.length ? "" : data.strings.empty;
});
