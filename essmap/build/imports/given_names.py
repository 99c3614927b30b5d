"""First names that are common in France: they tell « DUPONT Jean-Pierre » from « ADMR Muret »."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from essmap.schema.folding import fold

#: Folded; those that are a word or a place as well (« Rose », « Violette », « France ») are left out.
_LISTED: Final = """
adam adele adrien agathe agnes aicha alain alexandra alexandre alexis alice aline amandine amelie amina anais andre
andree anna anne annick annie anouk anthony antoine antonio ariane armand arnaud arthur audrey aurelie aurelien axel
baptiste bastien beatrice benedicte benjamin benoit bernadette bernard bertrand brigitte bruno camille carine carlos
carole caroline catherine cecile cedric celine chantal charles charlotte christelle christian christiane christine
christophe claire clara claude claudine clemence clement colette corinne cyril damien daniel daniele danielle david
delphine denis denise didier dominique dorothee dylan edith edouard elena eliane elisabeth elise elodie eloise
emilie emma emmanuel emmanuelle enzo eric erwan estelle esther etienne eugenie eva evelyne fabien fabienne fabrice
fanny fatima fatiha ferdinand fernand florence florent florian franck francis francois francoise frank frederic
frederique gabriel gabrielle gael gaelle genevieve georges gerard germaine ghislaine gilbert gilles ginette gregory
guillaume gustave guy gwenaelle hassan helene henri henriette herve hugo hugues huguette ibrahim ines irene isabelle
isaac ismael jacqueline jacques jean jeanne jeannine jennifer jeremy jerome jessica joel joelle johan jonathan jose
joseph josephine josette josiane julie julien juliette justine karim karine katia kevin khadija laetitia laura laure
laurence laurent lea leila leo leon leonard lionel lisa loic louis louise luc lucas lucie lucien lucienne ludovic
lydia madeleine magali malika manon manuel marc marcel marcelle margaux margot marguerite maria marie marielle
marina marine marion marius martin martine maryse mathieu mathilde matthieu maud maurice max maxime maryline melanie
melissa michel michele micheline michelle mickael mireille mohamed mohammed monique morgane muriel myriam nadia
nadine natacha nathalie nathan nicolas nicole noemie nora odette odile olivier pascal pascale patrice patricia
patrick paul paulette pauline philippe pierre pierrette quentin rachel rachid raphael raymond raymonde rebecca
regine regis rene renee richard robert roger roland romain romane ronan roxane sabine said salima samia samira
samuel sandra sandrine sara sarah sebastien serge severine simon simone solange sonia sophie stephane stephanie
suzanne sylvain sylvette sylviane sylvie tatiana thibault thierry thomas tristan valentin valerie vanessa veronique
victor vincent virginie viviane william xavier yann yannick yasmina yoann yolande youssef yves yvette yvon yvonne
zoe
"""
_NAMES: Final = frozenset(_LISTED.split())
_CAPITALS: Final = re.compile(r"[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ'’\-]+")
_CAPITAL: Final = re.compile(r"[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿœ]+(?:-[A-ZÀ-ÖØ-Þ]?[a-zß-öø-ÿœ]+)*")
#: Particles of family names.
_PARTICLES: Final = frozenset({"DE", "DU", "DES", "LE", "LA", "EL", "BEN", "VAN", "VON"})


def is_given_and_family(text: str) -> bool:
    """Tell whether a text is a family name in capitals and first names, and nothing else.

    Examples
    --------
    >>> is_given_and_family("DUPONT Jean-Pierre"), is_given_and_family("Jean DE LA TOUR")
    (True, True)
    >>> is_given_and_family("ADMR Muret"), is_given_and_family("LA Marie"), is_given_and_family("Jean Dupont")
    (False, False, False)
    """
    words = text.split()
    family = [bool(_CAPITALS.fullmatch(word)) for word in words]
    changes = sum(one != other for one, other in pairwise(family))
    if changes != 1 or len(words) > 6:
        return False
    given = [word for word, is_family in zip(words, family, strict=True) if not is_family]
    surname = [word for word, is_family in zip(words, family, strict=True) if is_family and word not in _PARTICLES]
    parts = [part for word in given for part in fold(word).split()]
    return bool(surname) and all(_CAPITAL.fullmatch(word) for word in given) and all(one in _NAMES for one in parts)
