// Only what HTML can't do. Every page works without it.
"use strict";

const on = (type, selector, act) => document.addEventListener(type, (event) => {
  const element = event.target.closest?.(selector);
  if (element) act(element, event);
});

// A link with hx-target="#dialog" brings a form; show it above the page. What fails says so until something works.
const failed = (yes) => () => (document.querySelector("#failed").hidden = !yes);
["htmx:responseError", "htmx:sendError"].forEach((type) => document.addEventListener(type, failed(true)));
document.addEventListener("htmx:beforeSwap", failed(false));
document.addEventListener("htmx:afterSwap", ({ detail: { target } }) => target.id === "dialog" && !target.open && target.showModal());
on("click", "[data-close]", (button, event) => {
  event.preventDefault();
  const box = button.closest("dialog, .toast");
  box.matches("dialog") ? box.close() : box.remove();
});

// A box with data-all ticks the boxes of that name in its table or tbody, and follows them; [data-count] counts.
const below = (box) => [...box.closest("tbody, table").querySelectorAll(`[name=${box.dataset.all || "selected"}]:not(:disabled)`)];
const follow = () => {
  document.querySelectorAll("[data-count]").forEach((place) => (place.textContent = document.querySelectorAll("[name=selected]:checked").length));
  document.querySelectorAll("[data-all]").forEach((box) => {
    const boxes = below(box), ticked = boxes.filter((other) => other.checked).length;
    box.checked = ticked > 0 && ticked === boxes.length;
    box.indeterminate = ticked > 0 && !box.checked;
  });
};
on("change", "[data-all]", (box) => below(box).forEach((other) => (other.checked = box.checked)));
on("change", "[type=checkbox]", follow);
["htmx:afterSettle", "DOMContentLoaded"].forEach((type) => document.addEventListener(type, follow));

// A second click must not send a form twice. A download keeps the page, so the buttons come back.
document.addEventListener("submit", ({ target }) => {
  if (target.method !== "post" || target.matches("[hx-post]")) return;
  const buttons = [...target.elements].filter((e) => e.type === "submit" && !e.disabled);
  setTimeout(() => buttons.forEach((button) => (button.disabled = true)));
  setTimeout(() => buttons.forEach((button) => (button.disabled = false)), 4000);
});
// Light, dark or as the system says: at once here, and kept by the form behind the buttons otherwise.
on("click", "button[name=theme]", (button, event) => {
  event.preventDefault();
  document.cookie = `theme=${button.value}; path=/; max-age=31536000; samesite=lax`;
  document.documentElement.dataset.theme = button.value;
  button.parentElement.querySelectorAll("button").forEach((other) => other.setAttribute("aria-pressed", other === button));
});
// Buttons whose act can't be taken back.
on("click", "[data-confirm]", (button, event) => confirm(button.dataset.confirm) || event.preventDefault());
