// The map on the screen as files: a picture, and a table of where each film lies.
function save(name, blob) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function exportName({ frame }, ending) {
  const kind = frame.method.toLowerCase() + (frame.dims === 3 ? "-3d" : "");
  return `map-${kind}-epoch-${+frame.epoch.toFixed(1)}.${ending}`;
}

// Both canvases, one over the other. A WebGL canvas is empty after it was shown: so it is drawn first.
function exportPicture(map) {
  map.draw(performance.now());
  const layers = [map.renderer.canvas, map.overlay.canvas];
  const { width, height } = layers[0];
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.fillStyle = map.theme.background;
  context.fillRect(0, 0, width, height);
  for (const layer of layers) context.drawImage(layer, 0, 0);
  canvas.toBlob((blob) => save(exportName(map, "png"), blob), "image/png");
}

// Quoted wherever a comma, a quote or a line break would end the cell.
function cell(value) {
  const text = `${value ?? ""}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// What begins like a formula is none for a spreadsheet: titles and labels are data.
function words(value) {
  return typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
}

function exportTable(map) {
  const { films, frame } = map;
  if (!films) return;
  const axes = ["x", "y", "z"].slice(0, frame.dims ?? 2);
  const head = ["item_id", "title", "year", "genres", "ratings", "mean_rating", "epoch", ...axes, "true_neighbours"];
  const rows = films.title.map((title, i) => [
    words(films.item_id[i]), words(title), films.year[i], words(films.genres[i]), films.count[i], films.mean[i],
    frame.epoch,
    ...axes.map((_, axis) => (frame.positions[axes.length * i + axis] / WORLD).toFixed(4)), frame.kept?.[i],
  ]);
  const text = [head, ...rows].map((row) => row.map(cell).join(",")).join("\n");
  save(exportName(map, "csv"), new Blob([`${text}\n`], { type: "text/csv;charset=utf-8" }));
}
