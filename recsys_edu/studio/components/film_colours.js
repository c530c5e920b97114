// What else than the genre a film's colour may say: year, popularity, mean rating, honesty. Eight steps of a scale
// that the colour-blind see as well (dark to bright, blue to yellow), grey where nothing is known.
const ordered = (colours) => Object.assign(colours, { ordered: true });
const SCALE = {
  light: ordered([
    "#2c1e6b", "#2f4b8f", "#2a7296", "#1f9590", "#3fb37a", "#86c552", "#c9cf32", "#f2d51f", "#b4b8be",
  ]),
  dark: ordered([
    "#5b4fc4", "#4f78d0", "#3f9bd0", "#33b8b0", "#5fcb8b", "#9bd862", "#d3df45", "#fff04a", "#5d636b",
  ]),
};
const STEPS = 8;

// Edges such that each step holds about as many films; equal values stay together.
function quantileEdges(values) {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const edges = Array.from({ length: STEPS - 1 }, (_, k) => at((k + 1) / STEPS));
  return [...new Set(edges)].filter((edge) => edge > sorted[0]);
}

// The k-th of `many` steps as one of the eight colours, from the first to the last of them.
const stepColour = (k, many) => (many < 2 ? 0 : Math.round((k * (STEPS - 1)) / (many - 1)));

function groupBySteps(values, edges, text) {
  const many = edges.length + 1;
  const step = values.map((value) => (value === null ? null : edges.filter((edge) => value >= edge).length));
  const groups = Uint8Array.from(step, (k) => (k === null ? OTHER : stepColour(k, many)));
  const known = values.filter((value) => value !== null);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const legend = Array.from({ length: many }, (_, k) => {
    const inside = known.filter((value) => edges.filter((edge) => value >= edge).length === k);
    const genre = inside.length ? text(Math.min(...inside), Math.max(...inside)) : text(edges[k - 1] ?? least, most);
    return { group: stepColour(k, many), genre, count: inside.length };
  }).filter((entry) => entry.count);
  const unknown = values.length - known.length;
  if (unknown) legend.push({ group: OTHER, genre: null, count: unknown });
  return { groups, legend };
}

const span = (low, high) => (low === high ? `${low}` : `${low}–${high}`);

// Groups and legend for what the reader chose. `kept` of `k`: of each film's neighbours on this map, the true ones.
function groupByColour(colour, films, kept, k) {
  if (colour === "genre") return groupByGenre(films.genres);
  if (colour === "honesty") {
    const values = films.title.map((_, i) => kept?.[i] ?? null);
    const edges = Array.from({ length: STEPS - 1 }, (_, step) => Math.ceil(((step + 1) * (k + 1)) / STEPS));
    return groupBySteps(values, [...new Set(edges)], (low, high) => `${span(low, high)} / ${k}`);
  }
  const values = { year: films.year, count: films.count, mean: films.mean }[colour];
  const digits = (value) => (colour === "mean" ? value.toFixed(1) : value);
  return groupBySteps(values, quantileEdges(values), (low, high) => span(digits(low), digits(high)));
}
