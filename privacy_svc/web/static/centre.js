// Without this everything works by whole pages; with it a switch changes in its place.
htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyEnabled = false;

// The button that was pressed may have gone with its switch: whoever reads by keyboard stays at that purpose.
document.addEventListener("htmx:afterSettle", (event) => {
  if (document.activeElement !== document.body) return;
  const purpose = event.detail.requestConfig.path.split("/").pop();
  document.getElementById(`c-${purpose}`)?.focus();
});
