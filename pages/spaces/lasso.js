// Maps side by side: the same images in each, a point an image. Hovering shows the image in every map, a lasso
// chooses images in every map, a click takes one. The images themselves are one sheet, in the style --test-images.

const SIZE = 204, MARGIN = 11, RADIUS = 1.6, REACH = 10;  // pixels
const PITCH = 30, SCALE = 3, COLUMNS = 50;                // of an image with the gap beside it, and of the sheet
const MORPH = 400;                                        // milliseconds from one set of positions to the next

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".maps");
  const state = (root.state ??= { canvases: [], chosen: [], hovered: null, lasso: null, shown: null });
  const maps = data.rows.flatMap((row) => row.maps);
  const names = data.rows.map((row) => [row.name, row.maps.length]).join();
  if (names !== state.names) {
    state.shown = null;
    state.canvases = build(root, data.rows);
    state.canvases.forEach((canvas, place) => listen(root, state, canvas, place, setStateValue, setTriggerValue));
  }
  Object.assign(state, { data, maps, names, before: state.shown, begun: performance.now() });
  maps.forEach((map, place) => label(state.canvases[place].parentElement, map));
  requestAnimationFrame(() => animate(root, state));
}

function build(root, rows) {
  root.replaceChildren();
  for (const { name, about, colour, maps } of rows) {
    const head = append(root, "h4");
    head.style.setProperty("--family", colour);
    append(head, "b").textContent = name;
    append(head, "span").textContent = about;
    const row = append(root, "section");
    for (const _ of maps) append(row, "figure").innerHTML = "<figcaption><b></b><span></span></figcaption><canvas></canvas><p></p>";
  }
  append(root, "div").className = "tip";
  return [...root.querySelectorAll("canvas")];
}

function append(parent, tag) {
  return parent.appendChild(document.createElement(tag));
}

function label(figure, map) {
  figure.querySelector("b").textContent = map.title;
  figure.querySelector("span").textContent = map.about;
  figure.querySelector("p").textContent = map.below;
}

function listen(root, state, canvas, place, setStateValue, setTriggerValue) {
  const choose = (numbers) => {
    state.chosen = numbers;
    paint(root, state);
    setStateValue("chosen", numbers);
  };
  canvas.width = canvas.height = SIZE * devicePixelRatio;
  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    state.lasso = { place, path: [at(canvas, event)] };
  };
  canvas.onpointermove = (event) => {
    if (state.lasso) state.lasso.path.push(at(canvas, event));
    else state.hovered = { place, number: nearest(state, place, at(canvas, event)) };
    draw(root, state);
  };
  canvas.onpointerup = (event) => {
    const path = state.lasso?.path ?? [];
    state.lasso = null;
    if (length(path) > REACH) choose(inside(state, place, path));
    else {
      const number = nearest(state, place, at(canvas, event));
      if (number !== null) setTriggerValue("taken", number);
      else if (state.chosen.length) choose([]);
    }
    draw(root, state);
  };
  canvas.onpointerleave = canvas.onpointercancel = () => {
    state.lasso = state.hovered = null;
    draw(root, state);
  };
}

// Positions come in thousandths of the map's side.
const toPixels = (position) => MARGIN + (position / 1000) * (SIZE - 2 * MARGIN);
const at = (canvas, event) => {
  const box = canvas.getBoundingClientRect();
  return [((event.clientX - box.left) * SIZE) / box.width, ((event.clientY - box.top) * SIZE) / box.height];
};
const length = (path) =>
  path.slice(1).reduce((sum, [x, y], n) => sum + Math.hypot(x - path[n][0], y - path[n][1]), 0);

function nearest(state, place, [x, y]) {
  const map = state.maps[place];
  let best = null, closest = REACH;
  map.x.forEach((left, number) => {
    const distance = Math.hypot(toPixels(left) - x, toPixels(map.y[number]) - y);
    if (distance < closest) [best, closest] = [number, distance];
  });
  return best;
}

// The points that a ray to the right leaves the path an odd number of times.
function inside(state, place, path) {
  const map = state.maps[place];
  return [...map.x.keys()].filter((number) => {
    const x = toPixels(map.x[number]), y = toPixels(map.y[number]);
    return path.reduce((within, [x1, y1], n) => {
      const [x2, y2] = path[(n + 1) % path.length];
      return (y1 > y) !== (y2 > y) && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1 ? !within : within;
    }, false);
  });
}

function animate(root, state) {
  const share = Math.min(1, (performance.now() - state.begun) / MORPH);
  const between = (before, after) => after.map((value, n) => (before ? before[n] + (value - before[n]) * share : value));
  state.shown = state.maps.map((map, place) => {
    const before = state.before?.[place];
    const star = map.star && between(before?.star, map.star);
    return { x: between(before?.x, map.x), y: between(before?.y, map.y), star };
  });
  paint(root, state);
  if (share < 1 && state.before) requestAnimationFrame(() => animate(root, state));
}

// The points and the classes' names change seldom, and lie below what follows the pointer.
function paint(root, state) {
  const { color: ink, backgroundColor: paper } = getComputedStyle(root);
  const chosen = new Set(state.chosen);
  state.grounds = state.shown.map(({ x, y }) => {
    const ground = new OffscreenCanvas(SIZE * devicePixelRatio, SIZE * devicePixelRatio);
    const brush = ground.getContext("2d");
    brush.scale(devicePixelRatio, devicePixelRatio);
    x.forEach((left, number) => {
      const stands = !chosen.size || chosen.has(number);
      brush.globalAlpha = stands ? 0.85 : 0.12;
      brush.fillStyle = state.data.colours[state.data.labels[number]];
      disc(brush, toPixels(left), toPixels(y[number]), chosen.size && stands ? RADIUS + 0.7 : RADIUS);
      brush.fill();
    });
    brush.globalAlpha = 1;
    names(brush, state, x, y, ink, paper);
    return ground;
  });
  draw(root, state);
}

function draw(root, state) {
  const { color: ink, backgroundColor: paper } = getComputedStyle(root);
  state.canvases.forEach((canvas, place) => {
    const brush = canvas.getContext("2d"), { x, y, star } = state.shown[place];
    brush.setTransform(1, 0, 0, 1, 0, 0);
    brush.clearRect(0, 0, canvas.width, canvas.height);
    brush.drawImage(state.grounds[place], 0, 0);
    brush.scale(devicePixelRatio, devicePixelRatio);
    const hovered = state.hovered?.number;
    if (hovered != null) ring(brush, toPixels(x[hovered]), toPixels(y[hovered]), ink);
    if (star) fiveCorners(brush, toPixels(star[0]), toPixels(star[1]), ink, paper);
    if (state.lasso?.place === place) outline(brush, state.lasso.path, ink);
  });
  showTip(root, state);
}

function disc(brush, x, y, radius) {
  brush.beginPath();
  brush.arc(x, y, radius, 0, 2 * Math.PI);
}

// Each class's name at the median of its points.
function names(brush, state, x, y, ink, paper) {
  brush.font = "600 13px sans-serif";
  brush.textAlign = "center";
  brush.textBaseline = "middle";
  brush.lineWidth = 3;
  brush.lineJoin = "round";
  state.data.names.forEach((name, label) => {
    const own = [...x.keys()].filter((number) => state.data.labels[number] === label);
    if (!own.length) return;
    const middle = (values) => toPixels(own.map((n) => values[n]).sort((a, b) => a - b)[own.length >> 1]);
    brush.strokeStyle = paper;
    brush.fillStyle = ink;
    brush.strokeText(name, middle(x), middle(y));
    brush.fillText(name, middle(x), middle(y));
  });
}

function ring(brush, x, y, ink) {
  brush.lineWidth = 2;
  brush.strokeStyle = ink;
  disc(brush, x, y, 5);
  brush.stroke();
}

function fiveCorners(brush, x, y, ink, paper) {
  brush.beginPath();
  for (let corner = 0; corner < 10; corner++) {
    const radius = corner % 2 ? 3.8 : 9.5, angle = (corner * Math.PI) / 5 - Math.PI / 2;
    brush.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
  }
  brush.closePath();
  brush.lineWidth = 3;
  brush.lineJoin = "round";
  brush.strokeStyle = paper;
  brush.stroke();
  brush.fillStyle = ink;
  brush.fill();
}

function outline(brush, path, ink) {
  brush.beginPath();
  path.forEach(([x, y]) => brush.lineTo(x, y));
  brush.lineWidth = 1.5;
  brush.strokeStyle = ink;
  brush.stroke();
}

function showTip(root, state) {
  const tip = root.querySelector(".tip"), { place, number } = state.hovered ?? { number: null };
  tip.hidden = number === null;
  if (tip.hidden) return;
  const canvas = state.canvases[place], { x, y } = state.shown[place];
  const pitch = PITCH * SCALE, enlarged = canvas.offsetWidth / SIZE;
  const beside = canvas.offsetLeft + toPixels(x[number]) * enlarged + 14;
  tip.style.left = `${Math.min(beside, root.clientWidth - pitch)}px`;
  tip.style.top = `${canvas.offsetTop + toPixels(y[number]) * enlarged - pitch / 2}px`;
  tip.style.backgroundSize = `${(COLUMNS * PITCH - PITCH + 28) * SCALE}px auto`;
  tip.style.backgroundPosition = `${-(number % COLUMNS) * pitch}px ${-Math.floor(number / COLUMNS) * pitch}px`;
}
