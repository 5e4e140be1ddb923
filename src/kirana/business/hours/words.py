"""The words that people use for opening hours, by language. Data only.

Days are listed from Monday to Sunday, separated by `|`; the spellings of one day by spaces. The
first ones are full words, the rest short forms, which may mean another day in another language.
Everything is folded (`fold`) before it is compared, so marks and capitals do not matter.
"""

import unicodedata

DAYS_BY_LANGUAGE = {
    "osm": "mo | tu | we | th | fr | sa | su",
    "en": "monday mondays mon mo m | tuesday tuesdays tues tue tu t | wednesday "
    "wednesdays weds wed we wd w | thursday thursdays thurs thur thu thr th | "
    "friday fridays fri fr f | saturday saturdays sat sa s | sunday sundays sun su "
    "sund",
    "de": "montag montags mo | dienstag dienstags di die | mittwoch mittwochs mi | "
    "donnerstag donnerstags do don | freitag freitags fr frei | samstag samstags "
    "sonnabend sonnabends sa sam | sonntag sonntags so son",
    "fr": "lundi lundis lun lu l | mardi mardis mar ma m | mercredi mercredis mer me | "
    "jeudi jeudis jeu je j | vendredi vendredis ven vend ve v | samedi samedis sam "
    "sa s | dimanche dimanches dim di d",
    "es": "lunes lun lu l | martes mar ma m | miércoles mie mier mi x | jueves jue ju j | "
    "viernes vie vier vi v | sábado sábados sab sa s | domingo domingos dom do d",
    "pt": "segunda segundas segunda-feira segunda-feiras seg sg | terça terças "
    "terça-feira terças-feiras ter te | quarta quartas quarta-feira qua | quinta "
    "quintas quinta-feira qui | sexta sextas sexta-feira sex | sábado sábados sab "
    "sa | domingo domingos dom do",
    "it": "lunedì lunedi lun lu l | martedì martedi mar ma | mercoledì mercoledi mer me | "
    "giovedì giovedi gio gi g | venerdì venerdi ven ve v | sabato sabati sab sa s | "
    "domenica domeniche dom do d",
    "nl": "maandag maandags ma | dinsdag dinsdags di | woensdag woensdags woe wo | "
    "donderdag donderdags don do | vrijdag vrijdags vrij vr | zaterdag zaterdags "
    "zat za | zondag zondags zon zo",
    "pl": "poniedziałek poniedziałku pon pn | wtorek wtorku wtorki wt | środa środę środy "
    "śr | czwartek czwartku czw cz | piątek piątku piątki pia pt | sobota sobotę "
    "soboty sobót sob sb so | niedziela niedzielę niedziele niedzieli nie niedz nd "
    "ndz",
    "cs": "pondělí pon po | úterý út ut | středa středu středy str st | čtvrtek čtvrtku "
    "čtv čt ct | pátek pátku pá pa | sobota sobotu soboty sob so | neděle neděli "
    "ned ne",
    "sk": "pondelok pondelka po | utorok utorka ut | streda stredu str st | štvrtok "
    "štvrtka stv št | piatok piatka pi pia | sobota sobotu so | nedeľa nedeľu "
    "nedela ne",
    "hu": "hétfő hétfőn hétfőtől hét h | kedd kedden ke k | szerda szerdán sze szer | "
    "csütörtök csütörtökön csütörtökig csüt cs | péntek pénteken péntekig pén p pe "
    "| szombat szombaton szo szom sz | vasárnap vasárnapig vas v va",
    "ro": "luni lun lu l | marți marti mar ma | miercuri mie mi | joi jo j | vineri vin "
    "vi v | sâmbătă sambata sam sâm sa s | duminică duminica dum du d",
    "sv": "måndag måndagar mån må mo | tisdag tisdagar tis ti | onsdag onsdagar ons on | "
    "torsdag torsdagar tor tors to | fredag fredagar fre fr | lördag lördagar lör "
    "lö | söndag söndagar sön sö",
    "da": "mandag mandage man ma | tirsdag tirsdage tirs tir ti | onsdag onsdage ons on | "
    "torsdag torsdage tors tor to | fredag fredage fre fr | lørdag lørdage lør lø | "
    "søndag søndage søn sø",
    "no": "mandag mandager man ma | tirsdag tirsdager tirs tir ti | onsdag onsdager ons "
    "on | torsdag torsdager tors tor to | fredag fredager fre fr | lørdag lørdager "
    "lør lø | søndag søndager søn sø",
    "fi": "maanantai maanantaisin maanantaista ma | tiistai tiistaisin tiistaista ti | "
    "keskiviikko keskiviikkoisin ke | torstai torstaisin torstaihin to | perjantai "
    "perjantaisin perjantaihin pe | lauantai lauantaisin lauantaihin la | sunnuntai "
    "sunnuntaisin sunnuntaihin su",
    "et": "esmaspäev esmaspäeviti esmasp e | teisipäev teisipäeviti teisip t | kolmapäev "
    "kolmapäeviti kolmap k | neljapäev neljapäeviti neljap n | reede reedeti r | "
    "laupäev laupäeviti laup l | pühapäev pühapäeviti pühap p",
    "lv": "pirmdiena pirmd pr p | otrdiena otrd ot o | trešdiena trešd tr t | ceturtdiena "
    "ceturtd ce c | piektdiena piektd pk pn | sestdiena sestd se s | svētdiena "
    "svētd sv",
    "lt": "pirmadienis pirmadieniais pirm pr i | antradienis antr an ii | trečiadienis "
    "treč tr iii | ketvirtadienis ketv kt iv | penktadienis penkt pn v | "
    "šeštadienis šešt št vi | sekmadienis sekm sk vii",
    "ru": "понедельник понедельника пон пн | вторник вторника вт | среда среду среды ср | "
    "четверг четверга чет чт | пятница пятницу пятницы пят пт | суббота субботу "
    "субботы суб сб | воскресенье воскресенья воскр вос вс",
    "uk": "понеділок понеділка пн | вівторок вівторка вт | середа середу середи ср | "
    "четвер четверга чт | п'ятниця п'ятницю п'ятниці пятниця пт | субота суботу "
    "суботи сб | неділя неділю неділі нд",
    "bg": "понеделник пн пон | вторник вт | сряда ср | четвъртък чт | петък пт пет | "
    "събота сб съб | неделя нд нед",
    "sr": "ponedeljak ponedjeljak ponedeljkom pon po | utorak utorkom uto ut | sreda "
    "srijeda sredom sre sri | četvrtak četvrtkom čet | petak petkom pet | subota "
    "subotom sub su | nedelja nedjelja nedeljom nedjeljom ned ne",
    "sl": "ponedeljek pon | torek tor | sreda sre | četrtek čet | petek pet | sobota sob "
    "| nedelja ned",
    "tr": "pazartesi pazartesileri pzt pt | salı salıları sal | çarşamba çarş çar | "
    "perşembe perş per | cuma cumaları cum cu | cumartesi cumartesileri cmt ct | "
    "pazar pazarları paz pz",
    "el": "δευτέρα δευτέρας δευ δε | τρίτη τρίτης τρι τρ | τετάρτη τετάρτης τετ τε | "
    "πέμπτη πέμπτης πεμ πε | παρασκευή παρασκευής παρ πα | σάββατο σαββάτου σαβ σα "
    "| κυριακή κυριακής κυρ κυ",
    "ca": "dilluns dl | dimarts dt | dimecres dc | dijous dj | divendres dv | dissabte ds "
    "| diumenge dg",
    "id": "senin sen | selasa sel | rabu rab | kamis kam | jumat jum'at jum | sabtu sab | "
    "minggu ahad min",
    "ms": "isnin | selasa | rabu | khamis | jumaat | sabtu | ahad",
    "vi": "t2 | t3 | t4 | t5 | t6 | t7 | cn",
    "hi": "सोमवार सोम somvar somwar | मंगलवार मंगल mangalvar mangalwar | बुधवार बुध "
    "budhvar budhwar | गुरुवार गुरूवार बृहस्पतिवार guruvar guruwar | शुक्रवार शुक्र "
    "shukravar shukrawar | शनिवार शनि shanivar shaniwar | रविवार रवि इतवार ravivar "
    "raviwar itwar",
    "bn": "সোমবার | মঙ্গলবার | বুধবার | বৃহস্পতিবার | শুক্রবার | শনিবার | রবিবার",
    "ta": "திங்கள் | செவ்வாய் | புதன் | வியாழன் | வெள்ளி | சனி | ஞாயிறு",
    "ar": "الاثنين الإثنين | الثلاثاء | الأربعاء الاربعاء | الخميس | الجمعة | السبت | الأحد الاحد",
    "he": "שני | שלישי | רביעי | חמישי | שישי | שבת | ראשון",
    "th": "จันทร์ วันจันทร์ | อังคาร วันอังคาร | พุธ วันพุธ | พฤหัสบดี พฤหัส วันพฤหัสบดี "
    "| ศุกร์ วันศุกร์ | เสาร์ วันเสาร์ | อาทิตย์ วันอาทิตย์",
    "sw": "jumatatu | jumanne | jumatano | alhamisi | ijumaa | jumamosi | jumapili",
    "ko": "월요일 월 | 화요일 화 | 수요일 수 | 목요일 목 | 금요일 금 | 토요일 토 | 일요일 일",
    "ja": "月曜日 月曜 月 | 火曜日 火曜 火 | 水曜日 水曜 水 | 木曜日 木曜 木 | 金曜日 "
    "金曜 金 | 土曜日 土曜 土 | 日曜日 日曜 日",
    "zh": "星期一 周一 週一 礼拜一 | 星期二 周二 週二 礼拜二 | 星期三 周三 週三 礼拜三 | "
    "星期四 周四 週四 礼拜四 | 星期五 周五 週五 礼拜五 | 星期六 周六 週六 礼拜六 | "
    "星期日 星期天 周日 週日 周天 礼拜天",
}

EVERY_DAY = """
    daily everyday every·day all·days all·week seven·days 7·days 7days 7·days·a·week 7d 7j/7
    7j 7/7 7·jours täglich jeden·tag alle·tage tous·les·jours quotidien tlj todos·los·días
    todos·dias todos·os·dias todos·los·dias diario diariamente diário tutti·i·giorni
    ogni·giorno giornaliero dagelijks alle·dagen elke·dag codziennie każdego·dnia denně denne
    každý·den minden·nap naponta zilnic în·fiecare·zi dagligen alla·dagar varje·dag dagligt
    alle·dage hver·dag alle·dager joka·päivä päivittäin iga·päev kasdien katru·dienu ежедневно
    каждый·день щодня щоденно svaki·dan vsak·dan her·gün hergün प्रतिदिन रोज़ रोज हर·दिन roz
    har·din setiap·hari mỗi·ngày hằng·ngày ทุกวัน 毎日 每天 天天 每日 年中無休 全年无休 매일
    연중무휴 יום·יום يوميا kila·siku cada·día
"""
WEEKDAYS = """
    weekdays weekday week·days workdays work·days business·days wd werktags wochentags
    unter·der·woche en·semaine semaine jours·ouvrables días·laborables laborables entre·semana
    días·hábiles dias·úteis giorni·feriali feriali feriale werkdagen doordeweeks weekdagen
    dni·robocze pracovní·dny pracovné·dni všední·dny hétköznap hétköznapokon munkanap
    munkanapokon zile·lucrătoare vardagar vardag hverdage hverdager arkisin arkipäivisin
    tööpäevadel darbo·dienomis darba·dienās будни будние будням по·будням рабочие·дни будні
    радним·данима radni·dan radnim·danom delavnik hafta·içi haftaiçi hari·kerja 平日 工作日
    평일 วันธรรมดา कार्यदिवस καθημερινές
"""
WEEKENDS = """
    weekend weekends week-end week-ends wochenende wochenenden am·wochenende fin·de·semana
    fines·de·semana final·de·semana fins·de·semana fine·settimana weekenden helg helger helgen
    víkend víkendy hétvége hétvégén viikonloppu viikonloppuisin nädalavahetus nädalavahetusel
    выходные по·выходным вихідні vikend vikendom hafta·sonu haftasonu 土日 周末 週末 주말
    सप्ताहांत akhir·pekan σαββατοκύριακο savaitgaliais brīvdienās
"""
HOLIDAYS = """
    ph holiday holidays public·holiday public·holidays bank·holiday bank·holidays feiertag
    feiertags feiertage feiertagen férié fériés jours·fériés jour·férié festivo festivos
    días·festivos feriado feriados dias·feriados festivi giorni·festivi festività feestdag
    feestdagen święta święto svátek svátky sviatky ünnepnap ünnepnapokon ünnepnapok sărbători
    sărbătorile helgdag helgdagar røde·dage helligdage helligdager pyhäpäivisin pyhinä
    riigipühadel праздники праздничные·дни свята resmi·tatil tatil·günleri bayram libur
    hari·libur 祝日 祝 祭日 节假日 假日 공휴일 วันหยุดนักขัตฤกษ์ praznik prazniki praznicima
    blagdan blagdanom αργίες छुट्टी अवकाश
"""
CLOSED = """
    closed close cl clsd off shut not·open geschlossen geschl zu ruhetag fermé ferme fermée
    fermeture cerrado cerrada cerramos fechado fechada encerrado encerra chiuso chiusura
    chiusa riposo gesloten dicht zamknięte nieczynne zavřeno zavreto zatvorené zatvoreno
    zaprto zárva zarva închis inchis stängt lukket suljettu kiinni suletud nedarbas nedirba
    nestrādā slēgts закрыто закрыт выходной выходные·день вихідний зачинено закрито затворено
    почивен kapalı kapali बंद छुट्टी·रहती band বন্ধ மூடப்பட்டது tutup libur·tutup đóng·cửa
    nghỉ ปิด หยุด 定休日 定休 休業日 休業 休日 お休み 休み 休館日 休館 休 关闭 休息 關閉 公休
    휴무 휴일 휴업 정기휴무 κλειστά κλειστό مغلق مغلقة סגור סגורה tancat imefungwa yopiq
    descanso tancado
"""
ALWAYS = """
    24/7 24/24 7/24 24h/24 24h/24h 24hrs 24h 24/7/365 24·h 24·hs 24hs 24·hours 24·hour 24hours
    24hr 24·hrs 24·stunden 24·std 24·heures 24·horas 24·ore 24·uur 24·godziny 24·hodin 24·óra
    24·timmar 24·timer 24·tuntia 24·часа 24·години 24·saat 24·घंटे 24·घण्टे 24·ghante 24·jam
    24時間 24小时 24小時 24시간 ตลอด·24·ชั่วโมง 24·ชั่วโมง 24·giờ round·the·clock
    around·the·clock rund·um·die·uhr durchgehend·geöffnet always·open always jour·et·nuit
    24h/24·7j/7 siempre·abierto todo·el·día sempre·aperto całodobowo całą·dobę nonstop
    non-stop éjjel-nappal 0-24 0-24h permanent dygnet·runt døgnåbent døgnet·rundt
    ympäri·vuorokauden ööpäevaringselt visą·parą круглосуточно цілодобово денонощно kesintisiz
    终日 終日 全天 24·ώρες على·مدار·الساعة 24·ساعة 24·שעות
"""
BY_APPOINTMENT = """
    by·appointment by·appointment·only appointment appointments appointment·only appt by·appt
    on·request by·request by·arrangement by·reservation nach·vereinbarung vereinbarung
    nach·absprache absprache auf·anfrage anfrage terminvereinbarung nach·terminvereinbarung
    termin termine nach·termin sur·rendez-vous rendez-vous rendezvous rdv sur·rdv sur·demande
    con·cita con·cita·previa cita cita·previa previa·cita bajo·cita com·hora·marcada
    hora·marcada agendamento por·marcação su·appuntamento appuntamento su·prenotazione
    op·afspraak afspraak volgens·afspraak po·umówieniu umówieniu na·telefon dle·dohody
    po·dohodě domluvě po·domluvě objednání na·objednanie előzetes·bejelentkezés bejelentkezés
    megbeszélés·szerint cu·programare programare enligt·överenskommelse efter·överenskommelse
    tidsbeställning efter·aftale etter·avtale sopimuksen·mukaan ajanvarauksella kokkuleppel
    pagal·susitarimą pēc·vienošanās по·записи по·предварительной·записи по·договоренности
    за·записом po·dogovoru randevu randevu·ile अपॉइंटमेंट 予約制 要予約 完全予約制 预约 預約
    예약제 κατόπιν·ραντεβού με·ραντεβού
"""
UNTIL = """
    to till til until untill thru through bis à a au aux al á à·s às as até ate hasta jusqu'à
    jusqu'a jusqu'au alle ai tot t/m tm do aż až ig la până·la pana·la până fino·a fino·alle
    fino til·kl till·kl saakka asti kuni līdz iki до дo по к se तक से tak sampai s/d sd ถึง
    đến から まで 到 至 부터 까지 έως ως μέχρι إلى الى حتى עד hadi fins·a kadar ile ila ao
    bist
"""
FROM = """
    from von ab de desde du des dal dalle dalla da van vanaf od från fra frå kl klo kl. kell
    alates nuo no с з от από من between entre entre·as zwischen tussen између mellan mellem
    opens starting dès às·de de·las de·la partir à·partir·de a·partir·de los las le la les el
    il i·l os am den o lo saat au·de um at het die das der every cada each jeden chaque ogni
    elke w we we·w v ve på om on
"""
AND = """
    and & + und et y e é og och ja és es si și i и та й ve ile·ve και و और व aur और·भी dan và
    และ 和 と 及 與 与 및 sowie plus also as·well·as u oraz sau ou oder or und·auch puis then
    samt n
"""
EXCEPT = """
    except excl excluding except·for excepté excepto sauf exceto salvo außer ausser
    ausgenommen eccetto tranne escluso behalve uitgezonderd oprócz kromě okrem kivéve
    cu·excepția utom förutom undtagen unntatt paitsi välja·arvatud кроме крім освен osim razen
    hariç दिन·छोड़कर छोड़कर 除く 除了 除 kecuali εκτός hormis con·excepción·de fuera·de
"""
BREAK = """
    lunch·break break pause mittagspause pauza przerwa polední·přestávka přestávka prestávka
    ebédszünet szünet paus lounas·tauko tauko обед перерыв перерва обідня·перерва
    перерыв·на·обед descanso·de mola öğle·arası pausa istirahat 昼休み 午休 중식 휴식시간
    브레이크타임 pertraukа pertrauka pārtraukums lunchstängt
"""
UNRELATED = """
    last·order last·orders l.o. lo last·admission last·entry kitchen kitchen·closes küche
    küche·bis cuisine cocina cucina keuken kuchnia kuchyně konyha ラストオーダー
    オーダーストップ 最終受付 last·call letzter·einlass letzte·bestellung dernière·commande
    dernier·service gate·closes phone tel telefon call atm individual·members last·tour
    last·ride
"""
SEASONS = """
    summer winter spring autumn fall season sommer herbst frühling frühjahr été hiver
    printemps automne verano invierno primavera otoño verão inverno outono estate
    inverno·estate zomer lato zima léto nyár nyáron tél télen vara iarna sommar vinter kesä
    kesäisin talvi лето зима летом зимой літо зимою kış yaz 夏 冬 夏季 冬季 夏期 冬期 saison
    saisonal seasonal peak·season high·season low·season school·holidays sh vacances
    vacances·scolaires schulferien ferien vacaciones term·time advent lent ramadan easter
    ostern pâques semana·santa sunrise sunset dawn dusk sonnenaufgang sonnenuntergang
    alternate fortnightly biweekly 1st 2nd 3rd 4th 5th first second third fourth last·of·month
    第1 第2 第3 第4 第5 第一 第二 第三 第四 erster zweiter jeder·zweite premier dernier primer
    primero ultimo último ostatnia pierwsza monthly odd even ungerade·woche gerade·woche
"""
NOISE = """
    hours hour hrs hr open opening opens opened opentime uhr h std stunden öffnungszeiten
    geöffnet geoeffnet offen horaire horaires ouvert ouverture heures heure horas hora horario
    horarios abierto abierta abrimos hs hrs. hsr aberto aberta funcionamento horário aperto
    aperta orario orari ore ora uur open·van godz godziny otwarte czynne hod hodin otevřeno
    otvorené otevírací·doba óra óráig nyitva nyitva·tartás tartás nyitvatartás orar program
    deschis öppet öppettider åbent åpent åbningstider auki avoinna avoinna·oleva aukioloajat
    avatud lahtiolekuajad val dirba darbo·laikas darba·laiks режим·работы время·работы
    часы·работы часы работает працює графік час ч год г время radno·vrijeme radno·vreme
    otvoreno radno čas saat saatleri açık समय खुला खुलने·का·समय बजे baje 営業時間 営業
    受付時間 受付 时间 营业时间 營業時間 营业 開館 开放时间 영업시간 영업 เปิด น jam buka giờ
    mở·cửa ώρες ωράριο ανοιχτά ساعات·العمل الساعة שעות·פתיחה time times only each business
    opening·hours opening·times shop store office o'clock lunch dinner breakfast brunch midi
    soir matin après-midi mañanas mañana tardes tarde noches noche manhã mattina mattino
    pomeriggio sera vormittag vormittags nachmittag nachmittags abends morgens früh morning
    mornings afternoon afternoons evening evenings night délelőtt délután délelott rano
    po·południu week jour jours días dia dias day days tag tage giorni giorno dag dagen dni
    dny nap napokon feira feiras year·round all·year todo·el·año ganzjährig toute·l'année
    aasta·ringi non·stop continuo·orario orario·continuato continuo journée·continue time·zone
    local please bitte vom zum den dem ul ст
"""
LATE = """
    late open·end openend ende close·late last·guest sunup ? ?? ??:?? x closing sold·out
    last·customer when·sold·out schluss fin cierre fermeture·tardive laatste·gast
    donderdagavond einde konec zárásig последнего·клиента
"""
NOON = """
    noon midday 12noon mittag mittags midi·pile mediodía medio·día meio-dia meio·dia
    mezzogiorno middag południe poledne délben amiază keskpäev полдень полудень öğle दोपहर
    正午 中午 μεσημέρι
"""
MIDNIGHT = """
    midnight midnite mitternacht minuit medianoche media·noche meia-noite meia·noite
    mezzanotte middernacht północ půlnoc polnoc éjfél miezul·nopții midnatt midnat keskiyö
    kesköö полночь північ ponoć gece·yarısı आधी·रात 深夜0時 零時 午夜 자정 tengah·malam
    เที่ยงคืน μεσάνυχτα
"""
AM = "午前 上午 早上 오전 सुबह subah π.μ. πμ pagi ص vm öö sáng dop"
PM = "午後 下午 晚上 晚 夜 오후 शाम shaam sham μ.μ. μμ malam sore م chiều odp"

MONTHS_BY_LANGUAGE = (
    "jan january januar janvier enero ene janeiro gennaio gen januari styczeń stycznia "
    "leden ledna január ianuarie tammikuu январь января січень січня ocak",
    "feb february februar février fevrier febrero fevereiro febbraio februari luty "
    "lutego únor února február februarie helmikuu февраль февраля лютий лютого şubat",
    "mar march märz mars marzo março marzec marca březen března március martie "
    "maaliskuu maart март марта березень березня mart",
    "apr april avril abril abr aprile kwiecień kwietnia duben dubna április aprilie "
    "huhtikuu апрель апреля квітень квітня nisan",
    "may mai mayo maio maggio mag mei maj maja květen května május toukokuu май мая "
    "травень травня mayıs",
    "jun june juni juin junio junho giugno giu czerwiec czerwca červen června június "
    "iunie kesäkuu июнь июня червень червня haziran",
    "jul july juli juillet julio julho luglio lug lipiec lipca červenec července július "
    "iulie heinäkuu июль июля липень липня temmuz",
    "aug august août aout agosto ago augustus sierpień sierpnia srpen srpna augusztus "
    "elokuu augusti август августа серпень серпня ağustos",
    "sep sept september septembre septiembre setembro settembre set wrzesień września "
    "září szeptember septembrie syyskuu сентябрь сентября вересень вересня eylül",
    "oct october okt oktober octobre octubre outubro out ottobre ott październik "
    "października říjen října október octombrie lokakuu октябрь октября жовтень жовтня "
    "ekim",
    "nov november novembre noviembre novembro listopad listopada november noiembrie "
    "marraskuu ноябрь ноября kasım",
    "dec december dez dezember décembre decembre diciembre dic dezembro dicembre "
    "grudzień grudnia prosinec prosince decembrie joulukuu декабрь декабря грудень "
    "грудня aralık",
)

LANGUAGES_OF_COUNTRY = {
    "DE": "de", "AT": "de", "CH": "de", "FR": "fr", "BE": "fr nl", "ES": "es", "MX": "es",
    "AR": "es", "CO": "es", "CL": "es", "PE": "es", "PT": "pt", "BR": "pt", "IT": "it", "NL": "nl",
    "PL": "pl", "CZ": "cs", "SK": "sk", "HU": "hu", "RO": "ro", "SE": "sv", "DK": "da", "NO": "no",
    "FI": "fi", "EE": "et", "LV": "lv", "LT": "lt", "RU": "ru", "BY": "ru", "KZ": "ru", "UA": "uk",
    "BG": "bg", "RS": "sr", "HR": "sr", "BA": "sr", "SI": "sl", "TR": "tr", "GR": "el", "ID": "id",
    "MY": "ms", "VN": "vi", "IN": "en hi", "TH": "th", "KR": "ko", "JP": "ja", "CN": "zh",
    "TW": "zh", "HK": "zh", "IL": "he", "KE": "en sw", "TZ": "sw",
}  # fmt: skip

_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "’": "'"})


def fold(text: str) -> str:
    """Letter case, width and marks away; the marks of scripts that need them stay."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(_PLAIN)
    if text.isascii():
        return text
    kept: list[str] = []
    for letter in unicodedata.normalize("NFD", text):
        if unicodedata.combining(letter) and kept and _loses_marks(kept[-1]):
            continue
        kept.append(letter)
    return unicodedata.normalize("NFC", "".join(kept))


def _loses_marks(letter: str) -> bool:
    return letter < "\u0530"
