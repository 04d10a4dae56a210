/* Draws the charts of the reports from the data-report of their canvas, with amounts as the business writes them. */
(function () {
  "use strict";

  function colour(name) {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  }

  function draw(canvas) {
    const report = JSON.parse(canvas.dataset.report);
    const short = new Intl.NumberFormat(report.locale, { notation: "compact", maximumFractionDigits: 1, style: "currency", currency: report.currency });
    const full = new Intl.NumberFormat(report.locale, { style: "currency", currency: report.currency });
    const text = colour("--iv-faint");
    const line = colour("--iv-line");
    const one = report.series.length === 1;
    return new Chart(canvas, {
      type: "bar",
      data: {
        labels: report.labels,
        datasets: report.series.map((series) => ({
          label: series.label,
          data: series.data,
          backgroundColor: series.colours ? series.colours.map(colour) : colour(series.colour),
          borderRadius: 4,
          maxBarThickness: one ? 64 : 22,
          categoryPercentage: one ? 0.7 : 0.62,
          barPercentage: 0.92,
        })),
      },
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        font: { family: "Inter, system-ui, sans-serif" },
        plugins: {
          legend: { display: false },
          tooltip: { padding: 10, boxPadding: 4, callbacks: { label: (item) => ` ${item.dataset.label}: ${full.format(item.raw)}` } },
        },
        scales: {
          x: { grid: { display: false }, border: { color: line }, ticks: { color: text, font: { family: "Inter, system-ui, sans-serif", size: 11 }, maxRotation: 0, autoSkipPadding: 8 } },
          y: { beginAtZero: true, border: { display: false }, grid: { color: line }, ticks: { color: text, font: { family: "Inter, system-ui, sans-serif", size: 11 }, maxTicksLimit: 6, callback: (value) => short.format(value) } },
        },
      },
    });
  }

  document.addEventListener("DOMContentLoaded", function () {
    for (const canvas of document.querySelectorAll("canvas[data-report]")) {
      let chart = draw(canvas);
      document.fonts.ready.then(() => chart.update()); // what is drawn before the font is there is drawn in another
      new MutationObserver(function () {
        chart.destroy();
        chart = draw(canvas);
      }).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
    }
  });
})();
