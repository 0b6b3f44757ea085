// The studio: a photo on the left, sliders on the right, and the face follows.

import { Artist } from "./artist.js";
import { openCamera } from "./camera.js";
import { showFaces } from "./faces.js";
import { RECIPES } from "./recipes.js";
import * as service from "./service.js";
import { CharacterSitter, PhotoSitter } from "./sitters.js";
import { Sliders } from "./sliders.js";
import { History, letters, parse, same, words } from "./target.js";

const $ = (id) => document.getElementById(id);
const picture = $("picture");
const drawing = $("drawing");
const before = $("before");

const state = { sitter: null, found: {}, history: null, closeUp: false, upload: 0, ready: false };

// --- what is said

function say(text) {
  $("status").textContent = text;
}

function complain(error) {
  $("message").textContent = error.message;
  $("message").hidden = false;
}

function busy(text) {
  $("busy").hidden = !text;
  $("busy-text").textContent = text ?? "";
}

// --- what is drawn

function wish(moving) {
  const pixels = Math.max(picture.clientWidth, picture.clientHeight) * devicePixelRatio;
  return { sitter: state.sitter, sides: sliders.sides, closeUp: state.closeUp, moving, pixels };
}

async function put(image, blob, onStage = true) {
  const url = URL.createObjectURL(blob);
  const next = new Image();
  next.src = url;
  await next.decode();
  const old = image.src;
  image.src = url;
  image.dataset.width = next.naturalWidth;
  // Outlines are placed in shares of the picture, so it has no margins.
  if (onStage) picture.style.setProperty("--ratio", next.naturalWidth / next.naturalHeight);
  if (old.startsWith("blob:")) URL.revokeObjectURL(old);
}

const artist = new Artist(
  (wanted, signal) => wanted.sitter.draw(wanted, signal),
  async ({ blob }, wanted) => {
    if (wanted.sitter !== state.sitter) return;
    await put(drawing, blob);
    drawing.alt = `${wanted.sitter.name}, drawn with ${words(wanted.sides)}`;
    drawing.dataset.state = wanted.moving ? "moving" : "rest";
    $("message").hidden = true;
    busy(null);
    if (!wanted.moving) say(`Drawn: ${words(wanted.sides)}.`);
  },
  (error) => {
    busy(null);
    complain(error);
  },
);

function redraw(moving = false) {
  if (!state.ready) return;
  compare(false); // whoever moves a slider wants to see what it does
  drawing.dataset.state = "waiting";
  artist.wish(wish(moving));
}

async function readBefore() {
  const wanted = wish(false);
  const { blob, found } = await wanted.sitter.before(wanted);
  if (wanted.sitter !== state.sitter || wanted.closeUp !== state.closeUp) return null;
  await put(before, blob);
  before.alt = `${wanted.sitter.name}, before`;
  return { blob, found };
}

// --- the expression

function settle() {
  $("undo").disabled = !state.history.canUndo;
  $("redo").disabled = !state.history.canRedo;
  $("reset").disabled = same(sliders.sides, state.found);
  picture.classList.toggle("touched", state.history.canUndo);
  for (const button of $("presets").children) {
    button.setAttribute("aria-pressed", String(same(button.sides(), sliders.sides)));
  }
  writeCode();
}

/** Show an expression as a whole: a preset, a step back, what the photo shows. */
function express(sides, isNew = true) {
  sliders.show(sides);
  if (isNew) state.history.push(sliders.sides);
  settle();
  redraw();
}

const sliders = await (async () => {
  let names;
  try {
    ({ aus: names } = await service.vocabulary());
  } catch (error) {
    complain(error);
    throw error;
  }
  return new Sliders(
    $("sliders"),
    names,
    () => redraw(true),
    () => {
      state.history.push(sliders.sides);
      settle();
      redraw();
    },
  );
})();
sliders.disabled = true;

function preset(label, sides) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label;
  button.disabled = true;
  button.sides = sides;
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => express(sides()));
  $("presets").append(button);
}

preset("As it was", () => state.found);
for (const [name, target] of Object.entries(await service.presets())) {
  const label = name.replaceAll("-", " ");
  preset(label[0].toUpperCase() + label.slice(1), () => parse(target));
}

function ready(is) {
  state.ready = is;
  sliders.disabled = !is;
  for (const button of $("presets").children) button.disabled = !is;
  for (const id of ["compare", "download", "close-up"]) $(id).disabled = !is;
}

function writeCode() {
  if (!state.sitter) return;
  const format = document.querySelector("input[name=format]:checked").value;
  $("code").value = RECIPES[format](state.sitter, sliders.sides);
  $("code").rows = Math.max(3, $("code").value.split("\n").length);
}

// --- who is drawn

async function sit(sitter) {
  artist.stop();
  state.sitter = sitter;
  compare(false);
  ready(false);
  $("empty").hidden = true;
  $("shown").hidden = false;
  $("another").hidden = false;
  $("close-up").hidden = !sitter.hasCloseUp;
  busy("Looking at the face …");
  try {
    const read = await readBefore();
    if (sitter !== state.sitter || read === null) return;
    const { blob, found } = read;
    state.found = parse(found);
    sliders.show(state.found);
    state.history = new History(sliders.sides);
    await put(drawing, blob);
    drawing.alt = `${sitter.name}, as it was`;
    drawing.dataset.state = "rest";
    busy(null);
    ready(true);
    settle();
    const shown = Object.keys(found).length;
    $("about").textContent = sitter.image
      ? shown
        ? `The photo was found to show ${letters(state.found)}: taken off before anything is drawn.`
        : "The face was found at rest: no smile and no parted lips."
      : sitter.character.about;
    say(`${sitter.name} is ready. Move a slider.`);
  } catch (error) {
    busy(null);
    leave();
    complain(error);
  }
}

function chooseFace(image, face, name) {
  const sitter = new PhotoSitter(image, face, name);
  showFaces($("faces"), image, face, (other) => chooseFace(image, other, name));
  if (!sitter.hasCloseUp) closeUp(false);
  return sit(sitter);
}

async function take(file, name = file.name) {
  const number = (state.upload += 1);
  artist.stop();
  ready(false);
  $("message").hidden = true;
  $("faces").replaceChildren();
  $("empty").hidden = true;
  $("shown").hidden = false;
  $("about").textContent = "";
  closeUp(false);
  busy("Looking for a face …");
  say("");
  // Formats that this browser does not know are seen when the service has read them.
  drawing.alt = name;
  picture.classList.remove("touched");
  await Promise.allSettled([put(drawing, file), put(before, file)]);
  try {
    const image = await service.upload(file, name);
    if (number === state.upload) await chooseFace(image, 0, name);
  } catch (error) {
    if (number !== state.upload) return;
    leave();
    complain(error);
  }
}

/** Back to the beginning. */
function leave() {
  artist.stop();
  state.sitter = null;
  state.upload += 1;
  ready(false);
  sliders.show({});
  for (const button of $("presets").children) button.setAttribute("aria-pressed", "false");
  for (const image of [drawing, before]) {
    if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
    image.removeAttribute("src");
  }
  $("faces").replaceChildren();
  $("shown").hidden = true;
  $("another").hidden = true;
  $("empty").hidden = false;
  $("message").hidden = true;
  say("");
  busy(null);
}

// --- ways in

$("choose").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", () => {
  const [file] = $("file").files;
  $("file").value = "";
  if (file) take(file);
});
$("another").addEventListener("click", () => {
  leave();
  $("choose").focus();
});
$("camera").addEventListener("click", async () => {
  const photo = await openCamera();
  if (photo) take(photo, "camera.jpg");
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    document.body.classList.toggle("dragging", kind === "dragover");
    const [file] = event.dataTransfer.files;
    if (kind === "drop" && file) take(file);
  });
}
document.addEventListener("paste", (event) => {
  const [file] = event.clipboardData?.files ?? [];
  if (file) take(file, file.name || "pasted.png");
});

async function showCast() {
  const cast = await service.characters();
  for (const character of cast) {
    const button = document.createElement("button");
    const face = document.createElement("img");
    const { blob } = await service.render(character.name, { size: 160, target: { AU12: "B" } });
    await put(face, blob, false);
    face.alt = "";
    button.type = "button";
    button.title = character.about;
    button.append(face, character.name[0].toUpperCase() + character.name.slice(1));
    button.addEventListener("click", () => {
      $("faces").replaceChildren();
      $("message").hidden = true;
      closeUp(false);
      sit(new CharacterSitter(character));
    });
    $("characters").append(button);
    $("cast").hidden = false;
  }
}
showCast().catch(() => {}); // the page is whole without them

// --- tools

function compare(on) {
  before.hidden = !on;
  $("badge").hidden = !on;
  $("compare").setAttribute("aria-pressed", String(on));
}
const isOn = () => $("compare").getAttribute("aria-pressed") === "true";
let held = null;
$("compare").addEventListener("pointerdown", (event) => {
  held = { at: event.timeStamp, was: isOn() };
  compare(true);
});
// A short press stays, a long one lasts as long as it is held; keys and screen readers click.
$("compare").addEventListener("click", (event) => {
  if (!held) compare(!isOn());
  else compare(event.timeStamp - held.at < 300 && !held.was);
  held = null;
});
for (const kind of ["pointerleave", "pointercancel"]) {
  $("compare").addEventListener(kind, () => {
    if (held) compare(false);
    held = null;
  });
}

function closeUp(on) {
  state.closeUp = on;
  $("close-up").setAttribute("aria-pressed", String(on));
  picture.classList.toggle("close-up", on);
}
$("close-up").addEventListener("click", async () => {
  closeUp(!state.closeUp);
  redraw();
  try {
    await readBefore();
  } catch (error) {
    complain(error);
  }
});

$("undo").addEventListener("click", () => express(state.history.undo(), false));
$("redo").addEventListener("click", () => express(state.history.redo(), false));
$("reset").addEventListener("click", () => express(state.found));
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || !state.ready) return;
  event.preventDefault();
  $(event.shiftKey ? "redo" : "undo").click();
});

$("download").addEventListener("click", async () => {
  const { sitter } = state;
  const { sides } = sliders;
  $("download").disabled = true;
  say("Drawing at the photo's own resolution …");
  try {
    const { blob } = await sitter.download(sides);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    const stem = sitter.name.replace(/\.[^.]*$/, "");
    link.download = `${stem} ${words(sides).replaceAll(", ", "_").replaceAll(" ", "")}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    say(`Saved as ${link.download}.`);
  } catch (error) {
    complain(error);
  }
  $("download").disabled = !state.ready;
});

for (const radio of document.querySelectorAll("input[name=format]")) {
  radio.addEventListener("change", writeCode);
}
$("copy").addEventListener("click", async () => {
  $("code").select();
  try {
    await navigator.clipboard.writeText($("code").value);
    say("Copied.");
  } catch {
    say("It is marked: press Ctrl and C to copy it.");
  }
});

document.documentElement.dataset.loaded = "true";
