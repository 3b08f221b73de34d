// Runs before the first paint, so that a dark page is never white first.
const chosen = localStorage.getItem('tollgate-theme');
if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
// What was kept of a page for the way back may belong to somebody who has signed out since.
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload();
});
