// Rounds on several stacks at once, as these mostly wait.
import { Lane, Figures } from './lane.mjs'
import { weather, badAirtable, renameOption, fullDisk, fullMap } from './trouble.mjs'
import { FAULT_POINTS } from './daemon.mjs'
import { smallDisk } from './space.mjs'

const MAP = '256MiB'

async function rounds({ name, rounds: wanted, lanes, seed, faultyMax = 10, before = null, ...options }) {
	const figures = new Figures()
	// with eachPoint as many more as that takes, up to twice as many
	const missing = () => options.eachPoint && left > -wanted && FAULT_POINTS.some(name => figures.kills.get(name) === 0)
	let left = wanted
	console.log(`# ${name}: ${wanted} rounds on ${lanes} stacks, seed ${seed}`)
	await Promise.all(Array.from({ length: lanes }, async (_, i) => {
		const lane = new Lane({ name: `${name}${seed}.${i}`, seed: seed + i, figures, feed: i % 2 === 1, ...options })
		try {
			await lane.begin()
			while ((left-- > 0 || missing()) && figures.faulty < faultyMax) await lane.round()
		} catch (error) {
			lane.fail([`ERROR: ${error.stack}`])
		} finally {
			await lane.end().catch(error => lane.fail([`END: ${error.stack}`]))
		}
	}))
	figures.print()
	return figures
}

/** syncd dies at random moments and at the points named in fault_point.h. */
export const kills = options => rounds({ name: 'kill', ...options })

/** The same while Airtable is away now and then, or late. */
export const crashes = options => rounds({ name: 'crash', trouble: weather, ...options })

/** Airtable spoils a tenth of the calls, and refuses some orders in many batches. */
export const badCalls = options => rounds({ name: 'airtable', trouble: badAirtable, prepare: renameOption, deaths: 0.3, ...options })

/** The map reaches its limit under load. */
export const mapFull = options => rounds({ name: 'map', trouble: fullMap, deaths: 0, lanes: 1,
	set: { 'store.map_size': MAP, 'store.map_limit': MAP }, ...options })

/** The disk fills up under load.  {why} where no small file system can be had. */
export async function diskFull(options) {
	const disk = smallDisk(8 << 20)
	if (disk.why) return disk
	try {
		return await rounds({ name: 'disk', trouble: fullDisk, deaths: 0, lanes: 1, space: disk.dir,
			set: { 'store.path': `${disk.dir}/store`, 'store.map_size': MAP }, ...options })
	} finally {
		disk.gone()
	}
}
