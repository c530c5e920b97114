// Two renderers of the same points, one contract: resize(width, height, ratio), setFilms(groups, radii),
// draw({positions, view, palette, background, isolated, dim, depth}), destroy(). `depth` is null, or of films in space
// { order: from the back to the front, size: factor of the radius, near: 0 to 1 }: far ones are small and pale.
const PALEST = 0.45;

const strength = (depth, i) => (depth ? PALEST + (1 - PALEST) * depth.near[i] : 1);

const VERTEX_SHADER = `#version 300 es
in vec2 position;
in float radius;
in float group;
in float size;
in float strength;
uniform vec2 scale;
uniform vec2 offset;
uniform float magnify;
uniform float isolated;
uniform float dim;
uniform float ordered;
uniform vec3 palette[9];
out vec4 colour;
out float extent;
out float side;
flat out int shape;
const float reach[4] = float[4](1.0, 1.22, 0.88, 1.25);
void main() {
  extent = radius * magnify * size;
  gl_Position = vec4(position * scale + offset, 0.0, 1.0);
  shape = ordered > 0.0 || int(group) == 8 ? 0 : int(group) % 4;
  side = 2.0 * reach[shape] * extent + 3.0; // a tight square: software renderers pay by the pixel
  gl_PointSize = side;
  bool muted = isolated >= 0.0 && group != isolated;
  colour = vec4(palette[int(group)], muted ? 0.07 : dim * strength);
}`;

// The signed distances give smooth edges at any zoom; a thin rim in the page's colour parts neighbours.
const FRAGMENT_SHADER = `#version 300 es
precision mediump float;
in vec4 colour;
in float extent;
in float side;
flat in int shape;
uniform vec3 background;
out vec4 pixel;
float signedDistance(vec2 p, float r) {
  if (shape == 1) return (abs(p.x) + abs(p.y) - 1.22 * r) * 0.7071;
  if (shape == 2) return max(abs(p.x), abs(p.y)) - 0.88 * r;
  if (shape == 3) return max(p.y - 0.82 * r, 0.869 * abs(p.x) - 0.495 * (p.y + 1.25 * r));
  return length(p) - r;
}
void main() {
  vec2 p = (gl_PointCoord - 0.5) * side;
  float d = signedDistance(p, extent);
  float coverage = clamp(0.5 - (d - 0.6), 0.0, 1.0) * colour.a;
  if (coverage <= 0.0) discard;
  vec3 rgb = mix(colour.rgb, background, clamp(d + 0.5, 0.0, 1.0) * 0.8);
  pixel = vec4(rgb * coverage, coverage);
}`;

function compileProgram(gl) {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX_SHADER], [gl.FRAGMENT_SHADER, FRAGMENT_SHADER]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  ["position", "radius", "group", "size", "strength"].forEach((name, slot) => gl.bindAttribLocation(program, slot, name));
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) ? program : null;
}

function isSoftware(gl) {
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = info ? gl.getParameter(info.UNMASKED_RENDERER_WEBGL) : "";
  return /swiftshader|llvmpipe|softpipe|basic render/i.test(name);
}

class WebGlPoints {
  static kind = "webgl2";

  // null where the browser has no WebGL2, or only one in software: at 9,066 films CanvasPoints is twice as fast.
  static create(canvas, onLost) {
    const gl = canvas.getContext("webgl2", { antialias: false });
    const program = gl && !isSoftware(gl) && compileProgram(gl);
    return program ? new WebGlPoints(canvas, gl, program, onLost) : null;
  }

  constructor(canvas, gl, program, onLost) {
    Object.assign(this, { canvas, gl, program, onLost });
    canvas.addEventListener("webglcontextlost", onLost);
    gl.useProgram(program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.buffers = [2, 1, 1, 1, 1].map((size, slot) => {
      const buffer = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(slot);
      gl.vertexAttribPointer(slot, size, gl.FLOAT, false, 0, 0);
      return buffer;
    });
    this.order = gl.createBuffer();
    this.uniforms = {};
    for (const name of ["scale", "offset", "magnify", "isolated", "dim", "ordered", "palette", "background"]) {
      this.uniforms[name] = gl.getUniformLocation(program, name);
    }
  }

  upload(slot, values, usage) {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.buffers[slot]);
    this.gl.bufferData(this.gl.ARRAY_BUFFER, values, usage);
  }

  // Reading a colour costs a canvas: once a palette, not once a drawing.
  rgb(palette) {
    if (palette !== this.palette) Object.assign(this, { palette, paletteRgb: palette.flatMap(rgbOf) });
    return this.paletteRgb;
  }

  resize(width, height, ratio) {
    Object.assign(this, { width, height, ratio });
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.gl.viewport(0, 0, this.canvas.width, this.canvas.height);
  }

  setFilms(groups, radii) {
    this.upload(1, radii, this.gl.STATIC_DRAW);
    this.upload(2, Float32Array.from(groups), this.gl.STATIC_DRAW);
  }

  // On a flat map each film has its full size and strength, and they are drawn in their own order.
  useDepth(depth) {
    const { gl } = this;
    for (const slot of [3, 4]) {
      if (depth) gl.enableVertexAttribArray(slot);
      else gl.disableVertexAttribArray(slot);
      gl.vertexAttrib1f(slot, 1);
    }
    if (!depth) return;
    this.upload(3, depth.size, gl.DYNAMIC_DRAW);
    this.upload(4, depth.near.map((_, i) => strength(depth, i)), gl.DYNAMIC_DRAW);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.order);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, depth.order, gl.DYNAMIC_DRAW);
  }

  draw({ positions, view, palette, background, isolated, dim, depth }) {
    const { gl, uniforms, width, height } = this;
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (!positions.length) return;
    this.upload(0, positions, gl.DYNAMIC_DRAW);
    this.useDepth(depth);
    gl.uniform2f(uniforms.scale, (2 * view.unit) / width, (2 * view.unit) / height);
    gl.uniform2f(uniforms.offset, (2 * view.x) / width - 1, 1 - (2 * view.y) / height);
    gl.uniform1f(uniforms.magnify, view.magnify * this.ratio);
    gl.uniform1f(uniforms.isolated, isolated ?? -1);
    gl.uniform1f(uniforms.dim, dim);
    gl.uniform1f(uniforms.ordered, palette.ordered ? 1 : 0);
    gl.uniform3fv(uniforms.palette, this.rgb(palette));
    gl.uniform3fv(uniforms.background, background);
    if (depth) gl.drawElements(gl.POINTS, depth.order.length, gl.UNSIGNED_INT, 0);
    else gl.drawArrays(gl.POINTS, 0, positions.length / 2);
  }

  destroy() {
    this.canvas.removeEventListener("webglcontextlost", this.onLost);
    this.gl.getExtension("WEBGL_lose_context")?.loseContext(); // browsers keep only some 16 contexts
  }
}

// Without WebGL2 the points are blended into a picture by hand and put on the canvas in one go: thousands of
// drawing calls to a 2-D canvas are several times slower. Positions snap to whole pixels.
class CanvasPoints {
  static kind = "canvas";

  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  resize(width, height, ratio) {
    Object.assign(this, { width, height, ratio });
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.picture = this.context.createImageData(this.canvas.width, this.canvas.height);
  }

  setFilms(groups, radii) {
    Object.assign(this, { groups, radii });
  }

  setColours(palette, background) {
    if (palette === this.palette && background === this.background) return;
    const rim = `rgba(${background.map((c) => Math.round(255 * c)).join()},0.8)`;
    Object.assign(this, { palette, background, rim, sprites: [] });
  }

  // Radii count in half pixels, so that a few dozen little pictures do for all films.
  sprite(group, halfPixels) {
    return (this.sprites[1024 * group + halfPixels] ??= this.paintSprite(group, halfPixels / 2));
  }

  paintSprite(group, radius) {
    const side = Math.ceil(2.6 * radius) + 4;
    const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
    const context = canvas.getContext("2d");
    context.beginPath();
    traceShape(context, shapeOf(group, this.palette), side / 2, side / 2, radius + 0.5); // the rim covers the half pixel
    context.fillStyle = this.palette[group];
    context.strokeStyle = this.rim;
    context.fill();
    context.stroke();
    return context.getImageData(0, 0, side, side);
  }

  draw({ positions, view, palette, background, isolated, dim, depth }) {
    const { groups, radii, ratio, picture } = this;
    this.setColours(palette, background);
    const [r, g, b] = background.map((c) => Math.round(255 * c));
    new Uint32Array(picture.data.buffer).fill(0xff000000 | (b << 16) | (g << 8) | r);
    for (let k = 0; k < positions.length / 2; k++) {
      const i = depth ? depth.order[k] : k;
      const radius = radii[i] * view.magnify * (depth ? depth.size[i] : 1);
      const halfPixels = clamp(Math.round(2 * radius * ratio), 2, 1023);
      const alpha = isolated !== null && groups[i] !== isolated ? 0.07 : dim * strength(depth, i);
      const x = (view.x + positions[2 * i] * view.unit) * ratio;
      const y = (view.y - positions[2 * i + 1] * view.unit) * ratio;
      this.blend(this.sprite(groups[i], halfPixels), x, y, alpha);
    }
    this.context.putImageData(picture, 0, 0);
  }

  // out = out + alpha (sprite - out), for each channel of each pixel of the sprite that lies in the picture.
  blend(sprite, x, y, alpha) {
    const { data: out, width, height } = this.picture;
    const { data, width: side } = sprite;
    const left = Math.round(x - side / 2);
    const top = Math.round(y - side / 2);
    const lastColumn = Math.min(side, width - left);
    for (let row = Math.max(0, -top); row < Math.min(side, height - top); row++) {
      for (let column = Math.max(0, -left); column < lastColumn; column++) {
        const from = 4 * (row * side + column);
        const share = (alpha * data[from + 3]) / 255;
        if (share === 0) continue;
        const to = 4 * ((top + row) * width + left + column);
        out[to] += share * (data[from] - out[to]);
        out[to + 1] += share * (data[from + 1] - out[to + 1]);
        out[to + 2] += share * (data[from + 2] - out[to + 2]);
      }
    }
  }

  destroy() {}
}
