package promotion

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Texts that read as promotion, and what in them does.
func TestWordsOfPromotion(t *testing.T) {
	tests := map[string]struct {
		language, text string
		want           []string
	}{
		"English": {"en_US", "Get 20% off today. BUY NOW, it is a Sale!", []string{"20% off", "BUY NOW", "Sale"}},
		"English, hyphen and variables": {
			"en", "A limited-time deal: {{1}}% off, or ${{2}} off.", []string{
				"limited-time", "{{1}}% off", "${{2}} off",
			},
		},
		"English, formatted":        {"en_GB", "*SALE* and _half_ price", []string{"SALE", "half_ price"}},
		"English, wide letters":     {"en", "SALE now, 𝐝𝐢𝐬𝐜𝐨𝐮𝐧𝐭 inside", []string{"SALE", "𝐝𝐢𝐬𝐜𝐨𝐮𝐧𝐭"}},
		"English, invisible signs":  {"en", "dis\u200bcount for you", []string{"dis\u200bcount"}},
		"English, minus":            {"en", "Shoes (-30%) and coats −{{1}}%", []string{"-30%", "−{{1}}%"}},
		"English, typed apostrophe": {"en", "Don’t miss out", []string{"Don’t miss out"}},
		"French": {
			"fr", "Nos SOLDES sont là : jusqu’à -50 %, une remise de 10 % et des bons d’achat.",
			[]string{"SOLDES", "-50 %", "remise de 10 %", "bons d’achat"},
		},
		"French, accents left out": {"fr", "Offre speciale, profitez-en", []string{"Offre speciale", "profitez-en"}},
		"Portuguese": {
			"pt_BR", "Aproveite já! 30% de desconto e frete rápido. Leve 3 pague 2 com o cupom VERAO.",
			[]string{"Aproveite já", "desconto", "Leve 3 pague 2", "cupom"},
		},
		"Portuguese of Portugal": {"pt_PT", "Promoções de verão", []string{"Promoções"}},
		"Spanish": {
			"es_MX", "¡Rebajas! Lleva 2x1 y ahorra hasta {{1}}%. Código de cupón dentro.",
			[]string{"Rebajas", "2x1", "ahorra hasta", "cupón"},
		},
		"German": {
			"de", "Unsere Angebote: Sommerrabatt, 20 % günstiger, Gutscheincode im Anhang. Jetzt zugreifen!",
			[]string{"Unsere Angebote", "Sommerrabatt", "20 % günstiger", "Gutscheincode", "Jetzt zugreifen"},
		},
		"German sale": {"de", "Großer Sale ab Montag", []string{"Sale"}},
		"Hindi": {
			"hi", "दिवाली ऑफ़र! 50% तक की छूट पाएं, अभी ख़रीदें। कूपन कोड अंदर है।",
			[]string{"ऑफ़र", "50% तक की छूट", "छूट पाएं", "अभी ख़रीदें", "कूपन"},
		},
		"Hindi, digits of its own": {"hi", "आज ₹५०० की छूट", []string{"₹५०० की छूट"}},
		"Indonesian": {
			"id", "Diskon s.d. 70%! Beli 1 gratis 1, hemat hingga Rp100.000. Buruan!",
			[]string{"Diskon", "Beli 1 gratis 1", "hemat hingga", "Buruan"},
		},
		"Arabic": {
			"ar", "عُروضُنا الجديدة: خصم ٢٠٪ على كل شيء. تسوّق الآن بكود الخصم.",
			[]string{"عُروضُنا", "خصم ٢٠٪", "تسوّق الآن", "بكود الخصم"},
		},
		"Arabic, written together": {"ar", "والتخفيضات لفترة محدودة", []string{"والتخفيضات", "لفترة محدودة"}},
		"a language without a list": {
			"it", "Discount di 20% off per te", []string{"Discount", "20% off"},
		},
		"another language than is said": {"sw", "Nur heute: 30 % Rabatt", []string{"Rabatt"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Words(tc.text, tc.language)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Texts that look like promotion and are not: facts of a service, and words that mean something
// else.
func TestWordsThatAreNoPromotion(t *testing.T) {
	tests := map[string][]string{
		"en_US": {
			"You can change the date free of charge.", "Your parcel comes with free delivery.",
			"Your point of sale was connected.", "Here is the bill of sale {{1}}.", "Your battery is at 20%.",
			"The wholesale invoice is attached.", "Your hotel voucher is attached.", "Save the date: {{1}}.",
			"Between 10-20% of flights are late.", "Don't miss your appointment.", "Your order is off to you. 20% is paid.",
			"The new collection time for your parcel is {{1}}.", "Your customs clearance is done.",
			"VAT of 20% is included.", "You asked to buy. Now we need your address.", "Dispromoted is no word.",
		},
		"fr": {
			"Votre solde est de 20 €.", "La remise de votre colis est prévue demain.", "La remise de 3 colis est prévue.",
			"La modification est sans frais.", "L'appel est gratuit.", "TVA de 20 % comprise.", "Profitez bien de votre voyage.",
		},
		"pt_BR": {
			"Segue o seu cupom fiscal.", "A liquidação do boleto foi confirmada.", "Consulte seus saldos.",
			"Aproveite a sua viagem.", "Não perca o seu voo.", "A alteração é grátis.", "Recebemos 2 ofertas de emprego.",
		},
		"es": {
			"El autobús sale a las 9.", "La liquidación de su siniestro está lista.", "Tenemos una oferta de empleo " +
				"para usted.",
			"No te pierdas tu cita.", "El cambio es gratuito.", "IVA del 21% incluido.",
		},
		"de": {
			"Ihr Angebot Nr. 123 ist fertig.", "Aktion erforderlich: bitte bestätigen.", "Die Veranstaltung ist ausverkauft.",
			"Die Änderung ist kostenlos.", "Ihre Rate wurde reduziert.", "19 % MwSt. sind enthalten.",
		},
		"hi": {
			"आपकी ट्रेन छूट गई है।", "तारीख बदलना निःशुल्क है।", "आपका जॉब ऑफर लेटर तैयार है।", "18% जीएसटी शामिल है।",
			"आपका सेल नंबर बदल गया है।",
		},
		"id": {
			"Pesanan Anda gratis ongkir.", "Selamat atas promosi jabatan Anda.", "Voucher hotel Anda terlampir.",
			"PPN 11% sudah termasuk.", "Perubahan jadwal tidak dikenakan biaya.",
		},
		"ar": {
			"تم خصم 50 ريال من حسابك.", "تم خصم 20% من حسابك.", "اضغط على عرض التفاصيل.", "يمكنك تغيير الموعد مجانا.",
			"ضريبة القيمة المضافة 15% مشمولة.", "تم استرداد المبلغ نقدا.",
		},
		"it": {"Il sale è finito.", "Il treno sale a Roma."},
	}
	for language, texts := range tests {
		for _, text := range texts {
			if got := Words(text, language); len(got) != 0 {
				t.Errorf("%s: %q reads as promotion: %q", language, text, got)
			}
		}
	}
}

func TestParametersOfCampaigns(t *testing.T) {
	tests := map[string][]string{
		"https://ex.test/?utm_source=wa&utm_campaign=x&utm_source=y": {"utm_source", "utm_campaign"},
		"https://ex.test/a?id=1&UTM_Medium=wa":                       {"utm_medium"},
		"https://ex.test/a%3Futm%5Fsource%3Dwa":                      {"utm_source"},
		"See https://ex.test/#gclid=1;fbclid=2 today":                {"gclid", "fbclid"},
		"https://ex.test/{{1}}?coupon={{2}}":                         {"coupon"},
		"https://ex.test/?promo":                                     {"promo"},
		"https://ex.test/utm_source/1":                               nil,
		"https://ex.test/?order=1&code=7&page=2#top":                 nil,
		"https://ex.test/?customer_utm=1&not_utm_source=2":           nil,
		"https://ex.test/100%":                                       nil,
	}
	for text, want := range tests {
		if diff := cmp.Diff(want, Parameters(text)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

// Every line of every list is found in a text that is that line.
func TestEveryPhraseOfTheListsIsFound(t *testing.T) {
	all := load()
	if len(all.languages) != 8 || len(all.parameters) < 20 {
		t.Fatalf("got %d languages and %d parameters", len(all.languages), len(all.parameters))
	}
	for _, l := range all.languages {
		content, err := files.ReadFile("lists/" + l.language + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows(string(content)) {
			text := strings.NewReplacer("N", "20", "*", "", "! ", "").Replace(row)
			switch got := Words(text, l.language); {
			case strings.HasPrefix(row, "- "):
				if len(got) != 0 {
					t.Errorf("%s: %q is found: %q", l.language, row, got)
				}
			case len(got) == 0:
				t.Errorf("%s: %q is not found", l.language, row)
			}
		}
	}
}

// Whatever is found is a part of the text, and nothing is found across other words.
func TestWordsArePartsOfTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z0-9%$€{}*_ .-]{0,40}`)).Draw(t, "text")
		for _, found := range Words(text+" 20% off "+text, "en") {
			if !strings.Contains(text+" 20% off "+text, found) || utf8.RuneCountInString(found) == 0 {
				t.Fatalf("%q is not in %q", found, text)
			}
		}
	})
}
