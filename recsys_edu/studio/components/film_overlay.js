// What is drawn above the points: names, the picked film's ring and its lines, the halo of a hovered film.
const FLASH_MS = 1200;
const LONGEST_LABEL = 28;

const easeOut = (t) => 1 - (1 - t) * (1 - t);

function overlap(a, b) {
  return a.left < b.right + 6 && b.left < a.right + 6 && a.top < b.bottom && b.top < a.bottom;
}

class Overlay {
  constructor(canvas, map) {
    Object.assign(this, { canvas, map, context: canvas.getContext("2d"), landmarks: [] });
  }

  resize(width, height, ratio) {
    this.ratio = ratio;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
  }

  draw(now) {
    const { context, map, ratio } = this;
    const { links } = map;
    const shown = (i) => (i !== null && i < map.n && !map.isOut(i) ? i : null);
    const [picked, hovered] = [shown(map.picked), shown(map.hovered)];
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, map.view.width, map.view.height);
    if (links.length) this.drawLinks(picked, links);
    if (picked !== null) this.drawRing(picked, now);
    if (hovered !== null) this.drawHalo(hovered);
    for (const { i, letter } of map.marks) if (shown(i) !== null) this.drawMark(i, letter);
    this.drawLabels(picked === null ? this.landmarks : [picked, ...links], picked);
  }

  drawLinks(picked, links) {
    const { context } = this;
    const { theme } = this.map;
    const from = this.map.place(picked);
    context.lineWidth = 1.4;
    context.strokeStyle = theme.primary;
    context.globalAlpha = 0.55;
    context.beginPath();
    for (const i of links) {
      const to = this.map.place(i);
      context.moveTo(from.x, from.y);
      context.lineTo(to.x, to.y);
    }
    context.stroke();
    context.globalAlpha = 1;
    for (const i of [...links, picked]) this.drawFilm(i);
  }

  drawFilm(i) {
    const { context } = this;
    const { x, y } = this.map.place(i);
    const radius = this.map.radius(i) + 0.6;
    context.beginPath();
    traceShape(context, shapeOf(this.map.groupOf[i], this.map.palette), x, y, radius);
    context.fillStyle = this.map.palette[this.map.groupOf[i]];
    context.strokeStyle = this.map.theme.background;
    context.lineWidth = 1.2;
    context.fill();
    context.stroke();
  }

  drawRing(i, now) {
    const { context } = this;
    const { theme } = this.map;
    const { x, y } = this.map.place(i);
    const radius = this.map.radius(i) + 5;
    const flash = clamp((now - this.map.flashStart) / FLASH_MS, 0, 1);
    context.strokeStyle = theme.primary;
    context.lineWidth = 2.5;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.stroke();
    if (flash === 1) return;
    context.globalAlpha = 1 - flash;
    context.beginPath();
    context.arc(x, y, radius + 30 * easeOut(flash), 0, 2 * Math.PI);
    context.stroke();
    context.globalAlpha = 1;
  }

  drawMark(i, letter) {
    const { context } = this;
    const { theme } = this.map;
    const { x, y } = this.map.place(i);
    this.drawFilm(i);
    Object.assign(context, { strokeStyle: theme.background, fillStyle: theme.text, lineWidth: 2.5 });
    context.beginPath();
    context.arc(x, y - 15, 9, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
    Object.assign(context, { font: "700 12px sans-serif", textAlign: "center", textBaseline: "middle" });
    context.fillStyle = theme.background;
    context.fillText(letter, x, y - 14.5);
    context.textAlign = "start";
  }

  drawHalo(i) {
    const { context } = this;
    const { theme } = this.map;
    const { x, y } = this.map.place(i);
    this.drawFilm(i);
    context.strokeStyle = theme.text;
    context.lineWidth = 1.5;
    context.beginPath();
    context.arc(x, y, this.map.radius(i) + 3, 0, 2 * Math.PI);
    context.stroke();
  }

  // The most rated films in sight bear their names, as towns do on a map. Chosen when a frame or the view
  // changes, not at every drawing: labels that come and go are no help.
  chooseLandmarks() {
    const { films, frame, byCount, view } = this.map;
    this.landmarks = [];
    if (!films || !frame) return;
    const room = Math.round((view.width * view.height) / 42000);
    const boxes = [];
    for (const i of byCount) {
      if (this.landmarks.length >= room) break;
      if (this.map.isHidden(i)) continue;
      const box = this.labelBox(i, this.map.restingPlace(i));
      const inside = box.left > 0 && box.right < view.width && box.top > 0 && box.bottom < view.height;
      if (!inside || boxes.some((other) => overlap(box, other))) continue;
      boxes.push(box);
      this.landmarks.push(i);
    }
  }

  labelText(i) {
    const title = this.map.films.title[i].replace(/ \(\d{4}\)$/, "");
    return title.length > LONGEST_LABEL ? `${title.slice(0, LONGEST_LABEL - 1).trimEnd()}…` : title;
  }

  // To the right of the film; to its left where the map ends.
  labelBox(i, { x, y }) {
    this.context.font = `500 12px ${this.map.theme?.font ?? "sans-serif"}`;
    const away = this.map.radius(i) + 8;
    const width = this.context.measureText(this.labelText(i)).width;
    const left = x + away + width > this.map.view.width - 4 ? x - away - width : x + away;
    return { left, right: left + width, top: y - 11, bottom: y + 11 };
  }

  // Names the films in this order. Beside a picked film and in space, leaves out a name that would cover an earlier one.
  drawLabels(indices, picked) {
    if (!this.map.films) return;
    const { context } = this;
    const { theme } = this.map;
    const drawn = [];
    Object.assign(context, { textBaseline: "middle", lineJoin: "round", lineWidth: 3.5 });
    Object.assign(context, { strokeStyle: theme.background, fillStyle: theme.text });
    for (const i of indices) {
      const place = this.map.place(i);
      const box = this.labelBox(i, place);
      if ((picked !== null || this.map.depth) && drawn.some((other) => overlap(box, other))) continue;
      drawn.push(box);
      context.globalAlpha = 0.9;
      context.strokeText(this.labelText(i), box.left, place.y);
      context.globalAlpha = i === picked ? 1 : 0.9;
      context.fillText(this.labelText(i), box.left, place.y);
    }
    context.globalAlpha = 1;
  }
}
