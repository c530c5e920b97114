// The colours and shapes of the genres: after Okabe and Ito's colour-blind-safe set, with yellow and blue
// shifted to stay legible on a light and on a dark page. Colours that come near each other differ in shape.
const PALETTE = {
  light: ["#0072b2", "#e08e00", "#009e73", "#d0480b", "#c06090", "#46a5dd", "#a89400", "#5b4b9e", "#9aa0a8"],
  dark: ["#4f9fe0", "#f0ac3a", "#2fbf93", "#ff7f50", "#e79ac6", "#93d4ff", "#e6d94a", "#a99cf5", "#7f8793"],
};
const COLOURED_GENRES = 8;
const OTHER = COLOURED_GENRES;
const SHAPES = ["circle", "diamond", "square", "triangle"];

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// A palette whose colours are steps of a scale is `ordered`: its films are all circles.
function shapeOf(group, palette) {
  return group === OTHER || palette.ordered ? 0 : group % SHAPES.length;
}

// The largest first genres get a colour each, all others share the grey.
function groupByGenre(genres) {
  const first = genres.map((text) => (text || "").split("|")[0]);
  const counts = new Map();
  for (const genre of first) if (genre) counts.set(genre, (counts.get(genre) ?? 0) + 1);
  const largest = [...counts].sort((a, b) => b[1] - a[1]).slice(0, COLOURED_GENRES);
  const rank = new Map(largest.map(([genre], group) => [genre, group]));
  const groups = Uint8Array.from(first, (genre) => rank.get(genre) ?? OTHER);
  const others = groups.reduce((sum, group) => sum + (group === OTHER), 0);
  const legend = largest.map(([genre, count], group) => ({ group, genre, count }));
  if (others) legend.push({ group: OTHER, genre: null, count: others });
  return { groups, legend };
}

// The outline of a shape of radius r about (x, y), for a 2-D canvas. Same areas, so no shape shouts.
function traceShape(context, shape, x, y, r) {
  if (shape === 0) return context.arc(x, y, r, 0, 2 * Math.PI);
  const corners = {
    1: [[0, -1.22], [1.22, 0], [0, 1.22], [-1.22, 0]],
    2: [[-0.88, -0.88], [0.88, -0.88], [0.88, 0.88], [-0.88, 0.88]],
    3: [[0, -1.25], [1.18, 0.82], [-1.18, 0.82]],
  }[shape];
  corners.forEach(([dx, dy], i) => context[i ? "lineTo" : "moveTo"](x + dx * r, y + dy * r));
  context.closePath();
}
