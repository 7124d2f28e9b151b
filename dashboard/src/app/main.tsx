import './app.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queryClient } from '@/api/query-client'
import { summaryQuery } from '@/api/summary'
import { App } from './app'
import { router } from './router'

/** So long the first drawing waits for what it will show; then it shows where that will be. */
const SOON_MS = 150

async function firstPage() {
	await router.load()
	if (router.state.location.pathname === '/') await queryClient.prefetchQuery(summaryQuery)
}

const draw = () =>
	createRoot(document.getElementById('root')!).render(
		<StrictMode>
			<App />
		</StrictMode>,
	)

// drawn once, with its figures, instead of bones first: half the work, where a computer is slow
void Promise.race([firstPage(), new Promise(resolve => setTimeout(resolve, SOON_MS))]).then(draw, draw)
