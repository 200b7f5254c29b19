// SPDX-License-Identifier: MIT
// Makes the page live.  Without it all works, too: each button is a form, and
// the page that it leads to tells what has happened.  So this only asks for
// that page when the server says that there is something new, and puts its
// pieces (data-live) in place of those that are shown.
"use strict";

const here = location.pathname;
const byId = (id) => document.getElementById(id);

if (window.top !== window)
  document.body.classList.add("framed");

// ---- the page, piece by piece ----

function replacePieces(fresh) {
  for (const piece of fresh.querySelectorAll("[data-live]")) {
    const shown = byId(piece.id);
    if (!shown || shown.outerHTML === piece.outerHTML)
      continue;
    shown.replaceWith(piece);
    if (piece.id === "news" && piece.firstElementChild)
      keepInSight();
  }
}

let inSight = 0;

// The news stay in sight for a while, wherever one has scrolled to.
function keepInSight() {
  document.body.classList.add("news-in-sight");
  clearTimeout(inSight);
  inSight = setTimeout(
      () => document.body.classList.remove("news-in-sight"), 8000);
}

async function askForPage() {
  try {
    const response = await fetch(here, {headers: {Accept: "text/html"}});
    if (!response.ok)
      return;
    const text = await response.text();
    replacePieces(new DOMParser().parseFromString(text, "text/html"));
    started();
    markMine();
    tick();
  } catch (error) {
    showLink(false); // the server is away; its stream says when it is back
  }
}

let asking = null;
let nextTime = null;

// One question at a time.  What happens meanwhile is asked for by the next one,
// and who waits, waits for a page that was asked for after he came.
function refresh() {
  if (!asking) {
    asking = askForPage().finally(() => { asking = null; });
    return asking;
  }
  if (!nextTime)
    nextTime = asking.then(() => {
      nextTime = null;
      return refresh();
    });
  return nextTime;
}

// ---- times go on by themselves ----

const births = new WeakMap();

function started() {
  for (const age of document.querySelectorAll("[data-age]"))
    if (!births.has(age))
      births.set(age, performance.now() - Number(age.dataset.age));
}

function inWords(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60)
    return `${s} s`;
  if (s < 3600)
    return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
}

function tick() {
  for (const age of document.querySelectorAll("[data-age]"))
    age.textContent = inWords(performance.now() - births.get(age));
}

// ---- everybody's processes ----

function markMine() {
  const mine = byId("self").dataset.number;
  for (const tile of byId("board").children)
    tile.classList.toggle("mine", tile.dataset.number === mine);
}

function showBoard(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  byId("board").replaceChildren(...fresh.body.children);
  started();
  markMine();
  tick();
}

// ---- what is going on ----

function showBusy(text) {
  byId("busy").hidden = text === "";
  byId("busy").textContent = text;
  document.body.classList.toggle("waiting", text !== "");
}

function showLink(live) {
  byId("link").hidden = false;
  byId("link").className = live ? "live" : "away";
  byId("link").textContent = live ? "live" : "not connected";
}

const waits = {
  "do-spin": "It loops, and answers nothing. The watchdog sees that\u2026",
  "do-bomb": "It takes memory\u2026",
};

// ---- the stream ----

// A browser asks again by itself when a connection breaks, but not when it is
// answered with an error: then the page is asked, which starts a session where
// there is none any more.
function listen() {
  const source = new EventSource(here + "events");
  const news = ["message", "base64", "begun", "gap", "lost", "start", "ready",
                "crash", "give_up", "stop", "expiry", "violation"];

  source.onopen = () => showLink(true);
  source.onerror = () => {
    showLink(false);
    if (source.readyState === EventSource.CLOSED)
      setTimeout(() => refresh().then(listen), 1000);
  };
  source.addEventListener("message", (event) => {
    if (event.data.startsWith("memory "))
      showBusy(`It has taken ${event.data.slice(7)}.`);
  });
  source.addEventListener("board", (event) => showBoard(event.data));
  source.addEventListener("ready", () => showBusy(""));
  source.addEventListener("over", () => {
    source.close();
    showBusy("");
    refresh().then(listen);
  });
  for (const type of news)
    source.addEventListener(type, (event) => {
      if (!(type === "message" && event.data.startsWith("memory ")))
        refresh();
    });
}

// ---- the forms ----

async function send(form, button) {
  const body = new URLSearchParams(new FormData(form));
  showBusy(waits[button.id] || "");
  try {
    await fetch(form.action, {method: "POST", body, redirect: "manual"});
  } catch (error) {
    showLink(false);
  }
  showBusy("");
  await refresh();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  event.preventDefault();
  send(form, form.querySelector("button"));
  for (const input of form.querySelectorAll("input"))
    input.value = "";
});

started();
markMine();
setInterval(tick, 1000);
listen();
