// Sends files piece by piece, goes on after a cut or a reload, and shows beforehand how a file would be read.
"use strict";

const HEAD_BYTES = 64 * 1024;
const PIECE_BYTES = 8 * 1024 * 1024;
// Waits between attempts, milliseconds: together longer than the lock of a replica that was killed lasts.
const DELAYS = [0, 1000, 2000, 4000, 8000, 8000, 15000, 30000, 30000];

const form = document.getElementById("files");
const kind = document.getElementById("field-kind");
const mapping = document.getElementById("field-mapping");
const field = document.getElementById("field-file");
const inspected = document.getElementById("inspected");
const list = document.getElementById("uploads");
const words = document.getElementById("words").dataset;

field.multiple = true;
let chosen = [];

function options() {
  const found = {};
  for (const one of document.querySelectorAll("#choices [name]")) if (one.value !== "") found[one.name] = one.value;
  const read = inspected.querySelector("section");
  if (read) {
    found.kind = read.dataset.kind;
    const picked = read.dataset.saved || read.dataset.mapping;
    if (picked && !found.mapping) found.mapping = picked;
  }
  return found;
}

// A workbook and a Parquet file can only be looked at whole.
async function head(file) {
  const first = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  const text = String.fromCharCode(...first);
  return text.startsWith("PK") || text === "PAR1" ? file : file.slice(0, HEAD_BYTES);
}

async function inspect(fields) {
  const file = chosen[0];
  if (!file) return;
  const body = fields || new FormData();
  if (!body.get("kind")) body.set("kind", kind.value);
  body.set("filename", file.name);
  body.set("head", await head(file), "head");
  inspected.setAttribute("aria-busy", "true");
  const answer = await fetch(form.dataset.inspect, { method: "POST", body, headers: { Accept: "text/html" } });
  inspected.innerHTML = await answer.text();
  inspected.removeAttribute("aria-busy");
  const picks = document.getElementById("picks");
  picks?.addEventListener("submit", (event) => {
    event.preventDefault();
    inspect(new FormData(picks, event.submitter));
  });
}

function look() {
  inspected.replaceChildren();
  if (!mapping.value) inspect();
}

function choose(files) {
  chosen = [...files];
  look();
}

function row(name) {
  const item = document.getElementById("upload").content.cloneNode(true).firstElementChild;
  item.querySelector(".name").textContent = name;
  list.append(item);
  return item;
}

function say(item, text) {
  const state = item.querySelector(".state");
  if (state.textContent !== text) state.textContent = text;
}

// What the next attempt may no longer meet: a lock of a replica that has died, a full queue, a server that is away.
function mayPass(status) {
  return status >= 500 || [409, 423, 429].includes(status);
}

function send(file) {
  const item = row(file.name);
  const bar = item.querySelector("progress");
  const button = item.querySelector(".pause");
  let paused = false;
  const upload = new tus.Upload(file, {
    endpoint: form.dataset.uploads,
    chunkSize: PIECE_BYTES,
    retryDelays: DELAYS,
    removeFingerprintOnSuccess: true,
    metadata: { filename: file.name, ...options() },
    onShouldRetry: (error) => {
      const again = !error.originalResponse || mayPass(error.originalResponse.getStatus());
      if (again) say(item, words.waiting);
      return again;
    },
    onProgress: (sent, all) => { if (!paused) say(item, words.sending); bar.value = all ? sent / all : 1; },
    onError: (error) => {
      let reason = error.message;
      try { reason = JSON.parse(error.originalResponse.getBody()).detail; } catch { /* it is no document of ours */ }
      say(item, `${words.refused}: ${reason}`);
      button.hidden = true;
    },
    onSuccess: () => {
      say(item, words.sent);
      bar.value = 1;
      button.hidden = true;
      const link = item.querySelector(".done");
      link.href = form.dataset.file + upload.url.split("/").pop();
      link.hidden = false;
      link.focus();
    },
  });
  button.addEventListener("click", () => {
    paused = !paused;
    button.textContent = paused ? words.resume : words.pause;
    say(item, paused ? words.paused : words.sending);
    if (paused) upload.abort(); else upload.start();
  });
  say(item, words.sending);
  upload.findPreviousUploads().then((before) => {
    if (before.length) upload.resumeFromPreviousUpload(before[0]);
    upload.start();
  });
}

form.addEventListener("submit", (event) => {
  if (event.submitter.id !== "send") return;
  event.preventDefault();
  for (const file of chosen) send(file);
  chosen = [];
  field.value = "";
});

field.addEventListener("change", () => choose(field.files));
for (const choice of [kind, mapping]) choice.addEventListener("change", look);

const drop = document.getElementById("drop");
for (const name of ["dragover", "dragenter"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  field.files = event.dataTransfer.files;
  choose(event.dataTransfer.files);
});

// What a reload has interrupted.
tus.defaultOptions.urlStorage.findAllUploads().then((found) => {
  for (const one of found) say(row(one.metadata.filename || ""), words.interrupted);
  for (const item of list.children) item.querySelector(".pause").hidden = true;
});
