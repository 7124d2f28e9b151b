// Before the first paint: apply the theme chosen in this browser, if any.
try {
	const chosen = localStorage.getItem('orderdeck.theme')
	if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen
} catch {
	// without storage the system's preference holds
}
