//! Why one rule won over another: the order in which `cause` ranks them, in words.

use crate::cause::{Catalogue, Fit};
use crate::grammar::when::Condition;

/// Why the loser lost against the winner.
pub(super) fn why_lost(winner: Fit, loser: Fit, catalogue: &Catalogue) -> String {
    let (won, lost) = (catalogue.rule(winner.rule), catalogue.rule(loser.rule));
    let tests = |when: &Option<Condition>| when.as_ref().map_or(0, Condition::tests);
    if lost.precedence != won.precedence {
        return format!("lower precedence: {} < {}", lost.precedence, won.precedence);
    }
    if loser.literal_bytes != winner.literal_bytes {
        return format!("shorter wording: {} < {} letters", loser.literal_bytes, winner.literal_bytes);
    }
    match (tests(&lost.when), tests(&won.when)) {
        (lost, won) if lost != won => format!("fewer conditions: {lost} < {won}"),
        _ => "equal in all else; the rule that stands first wins".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::RuleId;
    use crate::grammar::Grammars;

    #[test]
    fn the_first_difference_is_the_reason() {
        let grammars = Grammars::built_in().expect("grammars");
        let catalogue = Catalogue::built_in(&grammars).expect("catalogue");
        let rule = |id: &str| catalogue.rules().find(|(_, rule)| rule.id == id).map(|(id, _)| id).expect(id);
        let fit = |rule: RuleId, literal_bytes| Fit { rule, literal_bytes };
        let (refused, unknown) = (rule("upstream.refused#1"), rule("upstream.unknown#1"));
        let why = |winner, loser| why_lost(winner, loser, &catalogue);
        assert_eq!(why(fit(refused, 16), fit(unknown, 16)), "lower precedence: 5 < 50");
        assert_eq!(why(fit(refused, 16), fit(refused, 9)), "shorter wording: 9 < 16 letters");
        assert_eq!(why(fit(refused, 16), fit(refused, 16)), "equal in all else; the rule that stands first wins");
    }
}
