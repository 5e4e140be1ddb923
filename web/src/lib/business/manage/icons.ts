/** A picture for each kind of shop, in the app's own line. */

import Apple from '@lucide/svelte/icons/apple';
import Armchair from '@lucide/svelte/icons/armchair';
import Beef from '@lucide/svelte/icons/beef';
import Bike from '@lucide/svelte/icons/bike';
import BookOpen from '@lucide/svelte/icons/book-open';
import Candy from '@lucide/svelte/icons/candy';
import Car from '@lucide/svelte/icons/car';
import Coffee from '@lucide/svelte/icons/coffee';
import Croissant from '@lucide/svelte/icons/croissant';
import CupSoda from '@lucide/svelte/icons/cup-soda';
import Dumbbell from '@lucide/svelte/icons/dumbbell';
import Fish from '@lucide/svelte/icons/fish';
import Flower2 from '@lucide/svelte/icons/flower-2';
import Footprints from '@lucide/svelte/icons/footprints';
import Gem from '@lucide/svelte/icons/gem';
import Gift from '@lucide/svelte/icons/gift';
import GraduationCap from '@lucide/svelte/icons/graduation-cap';
import Hammer from '@lucide/svelte/icons/hammer';
import HeartHandshake from '@lucide/svelte/icons/heart-handshake';
import Luggage from '@lucide/svelte/icons/luggage';
import Music from '@lucide/svelte/icons/music';
import Palette from '@lucide/svelte/icons/palette';
import PawPrint from '@lucide/svelte/icons/paw-print';
import Pill from '@lucide/svelte/icons/pill';
import Plug from '@lucide/svelte/icons/plug';
import Sandwich from '@lucide/svelte/icons/sandwich';
import Scissors from '@lucide/svelte/icons/scissors';
import Shapes from '@lucide/svelte/icons/shapes';
import Shirt from '@lucide/svelte/icons/shirt';
import ShoppingBasket from '@lucide/svelte/icons/shopping-basket';
import Smartphone from '@lucide/svelte/icons/smartphone';
import Sparkles from '@lucide/svelte/icons/sparkles';
import Stethoscope from '@lucide/svelte/icons/stethoscope';
import Store from '@lucide/svelte/icons/store';
import Utensils from '@lucide/svelte/icons/utensils';
import WashingMachine from '@lucide/svelte/icons/washing-machine';
import Wrench from '@lucide/svelte/icons/wrench';
import type { Component } from 'svelte';

const ICONS: Readonly<Record<string, Component>> = {
  grocery: ShoppingBasket,
  bakery: Croissant,
  butcher: Beef,
  fish: Fish,
  fruit: Apple,
  sweets: Candy,
  restaurant: Utensils,
  cafe: Coffee,
  street_food: Sandwich,
  drinks: CupSoda,
  clothing: Shirt,
  shoes: Footprints,
  tailor: Scissors,
  jewelry: Gem,
  beauty: Sparkles,
  pharmacy: Pill,
  health: Stethoscope,
  sports: Dumbbell,
  electronics: Plug,
  phones: Smartphone,
  books: BookOpen,
  toys: Gift,
  home: Armchair,
  hardware: Hammer,
  garden: Flower2,
  pets: PawPrint,
  bicycles: Bike,
  cars: Car,
  crafts: Palette,
  music: Music,
  education: GraduationCap,
  cleaning: WashingMachine,
  services: Wrench,
  travel: Luggage,
  charity: HeartHandshake,
  market: Store,
  other: Shapes,
};

export const categoryIcon = (id: string): Component => ICONS[id] ?? Shapes;
