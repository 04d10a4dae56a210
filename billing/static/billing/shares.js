/* An amount over open invoices: the oldest first, until a person types otherwise; what is left is credit. Integers only. */
(function () {
  "use strict";

  const form = document.querySelector("form[data-spread]");
  const field = (name) => form.querySelector(`[name=${name}]`);
  const table = () => form.querySelector("[data-shares]");
  const inputs = () => [...form.querySelectorAll("[data-room]")];
  let byHand = inputs().some((input) => input.value);

  // Amounts are typed with the sign of the business's locale; here they are minor units.
  function read(text) {
    const { sign, decimals } = table().dataset;
    const [whole, part = ""] = text.split(sign);
    const digits = (some) => some.replace(/\D/g, "");
    if (!digits(whole) && !digits(part)) return 0;
    const rest = digits(part).padEnd(Number(decimals), "0").slice(0, Number(decimals));
    return Number(digits(whole) + rest);
  }

  function parts(minor) {
    const decimals = Number(table().dataset.decimals);
    const text = String(Math.abs(minor)).padStart(decimals + 1, "0");
    return decimals ? [text.slice(0, -decimals), text.slice(-decimals)] : [text, ""];
  }

  function write(minor) {
    const [whole, part] = parts(minor);
    return part ? `${whole}${table().dataset.sign}${part}` : whole;
  }

  function show(minor) {
    const [whole, part] = parts(minor);
    const { locale, currency } = table().dataset;
    const format = new Intl.NumberFormat(locale.replaceAll("_", "-"), { style: "currency", currency });
    return format.format(`${minor < 0 ? "-" : ""}${part ? `${whole}.${part}` : whole}`);
  }

  const whole = () => (form.dataset.whole === undefined ? read(field("amount").value) : Number(form.dataset.whole));

  function sum() {
    const applied = inputs().reduce((total, input) => total + read(input.value), 0);
    const rest = whole() - applied;
    const name = table().querySelector("[data-rest-name]");
    table().querySelector("[data-sums]").hidden = !table().dataset.currency || (!whole() && !applied);
    table().querySelector("[data-applied]").textContent = show(applied);
    table().querySelector("[data-rest]").textContent = show(rest);
    name.textContent = rest < 0 ? "More than there is" : "Left as credit";
    name.parentElement.classList.toggle("iv-over", rest < 0);
  }

  function spread() {
    let left = whole();
    for (const input of inputs()) {
      const part = Math.min(Number(input.dataset.room), left);
      input.value = part ? write(part) : "";
      left -= part;
    }
    byHand = false;
    sum();
  }

  function wake() {
    const clear = table().querySelector("[data-clear]");
    if (clear) clear.hidden = false;
    // The first button that sends is the one that Enter presses: let it be the one that records.
    const oldest = table().querySelector("[data-oldest]");
    if (oldest) oldest.type = "button";
    sum();
  }

  form.addEventListener("input", function (event) {
    if (event.target.dataset.room !== undefined) byHand = true;
    if (event.target.name === "amount" && !byHand) spread();
    else sum();
  });

  form.addEventListener("click", function (event) {
    if (event.target.closest("[data-oldest]")) {
      event.preventDefault();
      spread();
    } else if (event.target.closest("[data-clear]")) {
      for (const input of inputs()) input.value = "";
      byHand = true;
      sum();
    }
  });

  // Another customer or currency has other invoices.
  let asked = 0;

  async function load() {
    const turn = ++asked;
    const wanted = new URLSearchParams({ customer: field("customer").value, currency: field("currency").value });
    table().classList.add("iv-pending");
    const response = await fetch(`${form.dataset.open}?${wanted}`);
    if (turn !== asked || !response.ok) return;
    table().outerHTML = await response.text();
    byHand = false;
    spread();
    wake();
  }

  if (form.dataset.open) {
    form.querySelector("[data-plain]").remove();
    field("currency").addEventListener("change", load);
    // select2 tells of a choice by jQuery's events only.
    if (window.django && django.jQuery) django.jQuery(field("customer")).on("change", load);
  }
  wake();
})();
