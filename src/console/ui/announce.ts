/** Says something to a screen reader, politely; shown to everybody for a while at the foot of the page. */
export function announce(text: string): void {
  const place = document.getElementById('announcement');
  if (place === null) return;
  place.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => {
    place.textContent = '';
  }, 6_000);
}

let timer: ReturnType<typeof setTimeout> | undefined;
