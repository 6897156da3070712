// Without this everything works by whole pages; with it a switch changes in its place.
htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyEnabled = false;

// Where the list does not come back, the browser sends the form by itself, as it would without scripts. What comes then
// is seen: the sign-in of whoever is signed out, what went wrong, or that the service cannot be reached.
const send = (event) => event.detail.requestConfig.elt.submit();
document.addEventListener("htmx:sendError", send);
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status === 200 && event.detail.serverResponse.includes('id="choices"')) return;
  event.detail.shouldSwap = false;
  send(event);
});

// The button that was pressed may have gone with its switch: whoever reads by keyboard stays at that purpose. Whoever
// listens is told how the one switch stands now, and not the whole list.
document.addEventListener("htmx:afterSettle", (event) => {
  const purpose = event.detail.requestConfig.path.split("/").pop();
  const title = document.getElementById(`c-${purpose}`);
  const position = document.getElementById(`use-${purpose}`)?.querySelector(".position");
  if (position) document.getElementById("said").textContent = `${title.textContent}: ${position.textContent}`;
  if (document.activeElement === document.body) title?.focus();
});
