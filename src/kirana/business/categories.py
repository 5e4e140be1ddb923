"""What kinds of shops there are: one list for the storefront, the app and the Cloud API."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    """A trade. `vertical` is the Cloud API's word for it, `schema` the type of schema.org."""

    id: str
    label: str
    emoji: str
    icon: str
    """A name of the Lucide icons."""
    vertical: str
    schema: str


CATEGORIES: dict[str, Category] = {
    category.id: category
    for category in (
        Category("grocery", "Groceries", "🛒", "shopping-basket", "GROCERY", "GroceryStore"),
        Category("bakery", "Bakery", "🥖", "croissant", "GROCERY", "Bakery"),
        Category("butcher", "Butcher", "🥩", "beef", "GROCERY", "ButcherShop"),
        Category("fish", "Fish", "🐟", "fish", "GROCERY", "GroceryStore"),
        Category("fruit", "Fruit and vegetables", "🥭", "apple", "GROCERY", "GroceryStore"),
        Category("sweets", "Sweets and ice cream", "🍬", "candy", "RESTAURANT", "IceCreamShop"),
        Category("restaurant", "Restaurant", "🍽️", "utensils", "RESTAURANT", "Restaurant"),
        Category("cafe", "Café and tea", "☕", "coffee", "RESTAURANT", "CafeOrCoffeeShop"),
        Category("street_food", "Street food", "🌮", "sandwich", "RESTAURANT",
                 "FastFoodRestaurant"),
        Category("drinks", "Drinks", "🍹", "cup-soda", "RESTAURANT", "LiquorStore"),
        Category("clothing", "Clothing", "👗", "shirt", "APPAREL", "ClothingStore"),
        Category("shoes", "Shoes and bags", "👟", "footprints", "APPAREL", "ShoeStore"),
        Category("tailor", "Tailor", "🧵", "scissors", "APPAREL", "HomeAndConstructionBusiness"),
        Category("jewelry", "Jewelry and watches", "💍", "gem", "APPAREL", "JewelryStore"),
        Category("beauty", "Beauty and hair", "💈", "sparkles", "BEAUTY", "BeautySalon"),
        Category("pharmacy", "Pharmacy", "💊", "pill", "HEALTH", "Pharmacy"),
        Category("health", "Health", "🩺", "stethoscope", "HEALTH", "MedicalBusiness"),
        Category("sports", "Sports", "⚽", "dumbbell", "RETAIL", "SportingGoodsStore"),
        Category("electronics", "Electronics", "🔌", "plug", "RETAIL", "ElectronicsStore"),
        Category("phones", "Phones and repair", "📱", "smartphone", "RETAIL", "MobilePhoneStore"),
        Category("books", "Books and stationery", "📚", "book-open", "RETAIL", "BookStore"),
        Category("toys", "Toys and gifts", "🧸", "gift", "RETAIL", "ToyStore"),
        Category("home", "Home and furniture", "🪑", "armchair", "RETAIL", "HomeGoodsStore"),
        Category("hardware", "Hardware and tools", "🔨", "hammer", "RETAIL", "HardwareStore"),
        Category("garden", "Flowers and garden", "🌷", "flower-2", "RETAIL", "Florist"),
        Category("pets", "Pets", "🐾", "paw-print", "RETAIL", "PetStore"),
        Category("bicycles", "Bicycles", "🚲", "bike", "RETAIL", "BikeStore"),
        Category("cars", "Cars and motorbikes", "🚗", "car", "AUTO", "AutomotiveBusiness"),
        Category("crafts", "Crafts and art", "🎨", "palette", "RETAIL", "Store"),
        Category("music", "Music and events", "🎵", "music", "ENTERTAIN", "EntertainmentBusiness"),
        Category("education", "Lessons and courses", "🎓", "graduation-cap", "EDU",
                 "LocalBusiness"),
        Category("cleaning", "Laundry and cleaning", "🧺", "washing-machine", "PROF_SERVICES",
                 "DryCleaningOrLaundry"),
        Category("services", "Services", "🛠️", "wrench", "PROF_SERVICES", "ProfessionalService"),
        Category("travel", "Travel and rooms", "🧳", "luggage", "TRAVEL", "LodgingBusiness"),
        Category("charity", "Association and charity", "🤝", "heart-handshake", "NONPROFIT",
                 "LocalBusiness"),
        Category("market", "Market and variety", "🏪", "store", "RETAIL", "Store"),
        Category("other", "Something else", "✨", "shapes", "OTHER", "LocalBusiness"),
    )
}  # fmt: skip
