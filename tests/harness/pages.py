"""The page in which a real browser measures other pages, each in a frame of its own."""

MEASURING_PAGE = """<!DOCTYPE html>
<meta charset="utf-8">
<body>FRAMES
<script>
const channels = text => text.match(/[\\d.]+/g).map(Number);
const light = text => {
  const [r, g, b] = channels(text).map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
};
const behind = element => {
  for (let e = element; e; e = e.parentElement) {
    const found = e.ownerDocument.defaultView.getComputedStyle(e).backgroundColor;
    if (channels(found)[3] !== 0) return found;
  }
  return 'rgb(255, 255, 255)';
};
const own = element => [...element.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim()).join(' ').trim();
const texts = view => [...view.document.body.querySelectorAll('*')]
  .filter(e => own(e) && e.getClientRects().length)
  .map(e => {
    const style = view.getComputedStyle(e), background = behind(e);
    return {text: own(e).slice(0, 80), colour: style.color, background,
            contrast: contrast(style.color, background), size: parseFloat(style.fontSize)};
  });
const measure = frame => {
  const view = frame.contentWindow, page = view.document.documentElement;
  return {width: frame.clientWidth, content_width: page.scrollWidth,
          content_height: Math.ceil(view.document.body.getBoundingClientRect().height), texts: texts(view),
          loaded: view.performance.getEntriesByType('resource').map(r => r.name)};
};
addEventListener('load', () => {
  const result = document.createElement('pre');
  result.id = 'result';
  result.textContent = JSON.stringify([...document.querySelectorAll('iframe')].map(measure));
  document.body.append(result);
});
</script>
"""
