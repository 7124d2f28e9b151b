import { Observable } from '@/lib/observable'

/** What lies over any page at the moment. */
export const overlay = new Observable<'palette' | 'help' | null>(null)
