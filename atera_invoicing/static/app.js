// Only what HTML can't do. Every page works without it.
"use strict";

const on = (type, selector, act) =>
  document.addEventListener(type, (event) => {
    const element = event.target.closest?.(selector);
    if (element) act(element, event);
  });

// A link with hx-target="#dialog" brings a form; show it above the page.
document.addEventListener("htmx:afterSwap", ({ detail: { target } }) => {
  if (target.id === "dialog" && !target.open) target.showModal();
});
on("click", "[data-close]", (button, event) => {
  event.preventDefault();
  const box = button.closest("dialog, .toast");
  box.matches("dialog") ? box.close() : box.remove();
});

// The box in a table's head ticks every box below it; [data-count] says how many are ticked.
const count = () => {
  const ticked = document.querySelectorAll("input[name=selected]:checked").length;
  document.querySelectorAll("[data-count]").forEach((place) => (place.textContent = ticked));
};
on("change", "[data-all]", (box) => {
  box.closest("table").querySelectorAll("tbody input[type=checkbox]:not(:disabled)").forEach((other) => (other.checked = box.checked));
});
on("change", "input[type=checkbox]", count);

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
on("click", "[data-confirm]", (button, event) => {
  if (!confirm(button.dataset.confirm)) event.preventDefault();
});
