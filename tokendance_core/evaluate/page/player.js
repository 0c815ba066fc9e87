// Plays a dance of stick figures: <canvas class="player" data-joints=BASE64 data-fps data-beats>. Drag turns the camera.
"use strict";

const PARENTS = JSON.parse(document.querySelector("main").dataset.parents);
const SIDES = JSON.parse(document.querySelector("main").dataset.sides); // per joint: 1 left, -1 right, 0 middle
const COLOURS = { "-1": "#2e6f95", 0: "#26242b", 1: "#d1495b" };
const TILT = 0.16, METRE = 92, FOLLOW = 1.5; // radians, pixels, seconds

function read(canvas) {
  const bytes = Uint8Array.from(atob(canvas.dataset.joints), (c) => c.charCodeAt(0));
  return new Int16Array(bytes.buffer); // millimetres: frame, joint, xyz
}

function attach(card) {
  const canvas = card.querySelector("canvas"), button = card.querySelector("button"), slider = card.querySelector("input");
  const data = read(canvas), fps = +canvas.dataset.fps, beats = JSON.parse(canvas.dataset.beats);
  const stride = PARENTS.length * 3, frames = data.length / stride, seconds = (frames - 1) / fps;
  const pen = canvas.getContext("2d"), scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth || canvas.width, height = canvas.clientHeight || canvas.height;
  canvas.width = width * scale; canvas.height = height * scale; pen.scale(scale, scale);
  let time = 0, turn = 0.25, playing = false, last = 0;

  const joint = (t, j, axis) => {
    const at = Math.min(Math.max(t * fps, 0), frames - 1), low = Math.floor(at), high = Math.min(low + 1, frames - 1), w = at - low;
    return (data[low * stride + j * 3 + axis] * (1 - w) + data[high * stride + j * 3 + axis] * w) / 1000;
  };
  const centre = (axis) => { // the camera follows calmly
    let sum = 0;
    for (let i = -5; i <= 5; i++) sum += joint(time + (i / 5) * FOLLOW, 0, axis);
    return sum / 11;
  };

  function draw() {
    const cx = centre(0), cz = centre(2), sin = Math.sin(turn), cos = Math.cos(turn);
    const place = (x, y, z) => {
      const side = (x - cx) * cos - (z - cz) * sin, near = (x - cx) * sin + (z - cz) * cos;
      return [width / 2 + side * METRE, height * 0.86 - (y * Math.cos(TILT) - near * Math.sin(TILT)) * METRE, near];
    };
    const line = (a, b) => { pen.beginPath(); pen.moveTo(a[0], a[1]); pen.lineTo(b[0], b[1]); pen.stroke(); };
    pen.clearRect(0, 0, width, height);
    pen.lineWidth = 1; pen.strokeStyle = "#d9d6de";
    const x0 = Math.round(cx), z0 = Math.round(cz);
    for (let i = -2; i <= 2; i++) {
      line(place(x0 + i, 0, z0 - 2), place(x0 + i, 0, z0 + 2));
      line(place(x0 - 2, 0, z0 + i), place(x0 + 2, 0, z0 + i));
    }
    const places = PARENTS.map((_, j) => place(joint(time, j, 0), joint(time, j, 1), joint(time, j, 2)));
    pen.lineWidth = 5; pen.lineCap = "round";
    PARENTS.map((parent, j) => [places[j][2], parent, j]).slice(1).sort((a, b) => a[0] - b[0]).forEach(([, parent, j]) => {
      pen.strokeStyle = COLOURS[SIDES[j]];
      line(places[parent], places[j]);
    });
    pen.fillStyle = COLOURS[0];
    pen.beginPath(); pen.arc(places[15][0], places[15][1] - 8, 11, 0, 7); pen.fill();
    const since = Math.min(...beats.map((b) => (time >= b ? time - b : 9)));
    pen.globalAlpha = Math.max(0.12, 1 - since * 4);
    pen.fillStyle = "#edae49"; pen.beginPath(); pen.arc(16, 16, 7, 0, 7); pen.fill();
    pen.globalAlpha = 1;
    slider.value = time / seconds;
    card.querySelector("output").textContent = `${Math.floor(time / 60)}:${(time % 60).toFixed(1).padStart(4, "0")}`;
  }
  function step(now) {
    if (!playing) return;
    time = (time + (now - last) / 1000) % seconds; last = now;
    draw(); requestAnimationFrame(step);
  }
  button.onclick = () => {
    playing = !playing; button.textContent = playing ? "❚❚" : "▶"; last = performance.now();
    if (playing) requestAnimationFrame(step);
  };
  slider.oninput = () => { time = slider.value * seconds; draw(); };
  canvas.onpointermove = (event) => { if (event.buttons) { turn += event.movementX / 120; draw(); } };
  draw();
}

// A card is read when it comes into view.
const watch = new IntersectionObserver((entries) => entries.filter((e) => e.isIntersecting).forEach((e) => {
  watch.unobserve(e.target); attach(e.target);
}));
document.querySelectorAll(".song").forEach((card) => watch.observe(card));
