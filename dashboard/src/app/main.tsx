import './app.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queryClient } from '@/api/query-client'
import { summaryQuery } from '@/api/summary'
import { App } from './app'
import { router } from './router'

/** How long the first drawing waits for its data; after that it shows placeholders. */
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

// drawn once, with its figures, instead of placeholders first: half the work on a slow computer
void Promise.race([firstPage(), new Promise(resolve => setTimeout(resolve, SOON_MS))]).then(draw, draw)
