// Before the first paint: the theme that was chosen here, if one was.
try {
	const chosen = localStorage.getItem('orderdeck.theme')
	if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen
} catch {
	// without storage the system's preference holds
}
