// The maps of all epochs of a run, as the server sends them (snapshots.Film): fetched once, scrubbed here.
const FILM_MAGIC = 0x4d4c4946; // "FILM"
const FILM_HEAD = 16;
const FRAME_HEAD = 12;

function decodeFilm(buffer, strings) {
  const view = new DataView(buffer);
  if (buffer.byteLength < FILM_HEAD || view.getUint32(0, true) !== FILM_MAGIC) return null;
  const [n, count, dims] = [4, 8, 12].map((place) => view.getUint32(place, true));
  const first = FILM_HEAD + count * FRAME_HEAD;
  if (buffer.byteLength < first + 2 * dims * n * count) return null;
  return Array.from({ length: count }, (_, k) => {
    const head = FILM_HEAD + k * FRAME_HEAD;
    return {
      n,
      dims,
      epoch: view.getFloat32(head, true),
      method: ["PCA", "UMAP", strings.axis][view.getUint32(head + 4, true)],
      honesty: view.getFloat32(head + 8, true),
      positions: new Int16Array(buffer, first + 2 * dims * n * k, dims * n),
      kept: null, // how many of each film's neighbours are true ones: fetched when asked for
    };
  });
}

// The body of a route of the studio. A refusal's sentence is the error's message.
async function fetchBytes(url, options) {
  const response = await fetch(live.resolve(url), options);
  if (response.ok) return response.arrayBuffer();
  const { error } = await response.json().catch(() => ({}));
  throw new Error(error ?? `${response.status}`);
}

const nearestEpoch = (film, epoch) =>
  film.reduce((best, frame, k) => (Math.abs(frame.epoch - epoch) < Math.abs(film[best].epoch - epoch) ? k : best), 0);
