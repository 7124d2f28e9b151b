import { Observable } from '@/lib/observable'

/** The dialog that lies over the page, if any. */
export const overlay = new Observable<'palette' | 'help' | null>(null)
