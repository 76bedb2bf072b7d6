// Rows of a formset: one more, from the <template> that the page carries; up, down, to a place.
// After app.js, whose `on` it uses. Without it the same buttons go by way of the server.
"use strict";

const number = (list) => [...list.children].forEach((row, i) => {
  const place = row.querySelector("input[name$=-ORDER]");
  if (place) place.value = i + 1;
});
on("click", "[data-add-row]", (button, event) => {
  event.preventDefault();
  const set = button.closest("[data-formset]"), list = set.querySelector("[data-rows]");
  const total = set.querySelector("input[name$=-TOTAL_FORMS]");
  list.insertAdjacentHTML("beforeend", set.querySelector("template").innerHTML.replaceAll("__prefix__", total.value));
  total.value = Number(total.value) + 1;
  number(list);
  list.lastElementChild.querySelector("[id$=-item], td :is(input, select, textarea):not([type=hidden])")?.focus();
});
on("click", "[data-move]", (button, event) => {
  event.preventDefault();
  const row = button.closest("[data-rows] > *"), up = button.dataset.move === "up";
  (up ? row.previousElementSibling : row.nextElementSibling)?.[up ? "before" : "after"](row);
  number(row.parentElement);
  button.focus();
});
on("change", "input[name$=-ORDER]", (place) => {
  const row = place.closest("[data-rows] > *"), list = row.parentElement;
  row.remove();
  list.insertBefore(row, list.children[Math.max(place.value - 1, 0)] ?? null);
  number(list);
});
