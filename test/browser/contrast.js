// Measures text as WCAG 2.2 does for level AA: https://www.w3.org/TR/WCAG22/#contrast-minimum
function rgb(color) { return color.match(/[\d.]+/g).map(Number); }
function luminance(color) {
	const [r, g, b] = rgb(color).map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function ratio(a, b) {
	const [hi, lo] = [luminance(a), luminance(b)].sort((x, y) => y - x);
	return (hi + 0.05) / (lo + 0.05);
}
function behind(e) {
	for (; e; e = e.parentElement) {
		const color = getComputedStyle(e).backgroundColor, [, , , alpha = 1] = rgb(color);
		if (alpha == 1) return color;
	}
	return "rgb(255, 255, 255)";
}
function faint() {
	const found = [], panel = getComputedStyle(document.querySelector(".cards div")).backgroundColor;
	for (const e of document.querySelectorAll("body *")) {
		if (![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())) continue;
		const style = getComputedStyle(e), inPicture = e.closest("svg") != null;
		if (["title", "desc"].includes(e.tagName)) continue;
		const color = inPicture ? style.fill : style.color, size = parseFloat(style.fontSize);
		const need = size >= 24 || size >= 18.66 && style.fontWeight >= 700 ? 3 : 4.5;
		for (const ground of inPicture ? [panel, behind(document.body)] : [behind(e)])
			if (ratio(color, ground) < need) found.push(e.textContent.trim().slice(0, 40) + ": " + color + " on " + ground);
	}
	return found;
}
